import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer'
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort'
import { all, type Manifest } from './manifests.ts'

type Labels = { [name: string]: string }

/** A pod, or an address outside the cluster. `ports` has the named ports. */
export type Party = { namespace: string; labels: Labels; ports?: { [name: string]: number } } | { address: string }

/** Whether the NetworkPolicies allow a connection: egress of the first and ingress of the second. */
export function allowed(manifests: Manifest[], from: Party, to: Party, port: number, protocol = 'TCP'): boolean {
  const policies = all<INetworkPolicy>(manifests, 'NetworkPolicy')
  const rules = (direction: 'Ingress' | 'Egress', party: Party) =>
    policies.filter(
      ({ metadata, spec }) =>
        isPod(party) &&
        metadata.namespace === party.namespace &&
        spec?.policyTypes?.includes(direction) &&
        has(party.labels, spec.podSelector.matchLabels),
    )
  // a rule without ports, or without peers, applies to all of them
  const goes = (ports: INetworkPolicyPort[] | undefined) =>
    !ports || ports.some((rule) => rule.protocol === protocol && numberOf(rule.port, to) === port)
  const meets = (peers: INetworkPolicyPeer[] | undefined, party: Party, home = '') =>
    !peers || peers.some((peer) => isOne(peer, party, home))
  const out = rules('Egress', from)
  const inside = rules('Ingress', to)
  const letOut = out.some(({ metadata, spec }) =>
    spec?.egress?.some((rule) => goes(rule.ports) && meets(rule.to, to, metadata.namespace)),
  )
  const letIn = inside.some(({ metadata, spec }) =>
    spec?.ingress?.some((rule) => goes(rule.ports) && meets(rule.from, from, metadata.namespace)),
  )
  // a pod that no policy selects is not restricted
  return (out.length === 0 || letOut) && (inside.length === 0 || letIn)
}

function isOne({ ipBlock, namespaceSelector, podSelector }: INetworkPolicyPeer, party: Party, home: string): boolean {
  if (!isPod(party)) return ipBlock !== undefined && isWithin(party.address, ipBlock.cidr)
  if (ipBlock) return false
  const namespace = { 'kubernetes.io/metadata.name': party.namespace }
  const there = namespaceSelector ? has(namespace, namespaceSelector.matchLabels) : party.namespace === home
  return there && has(party.labels, podSelector?.matchLabels)
}

const isPod = (party: Party) => 'labels' in party

function has(labels: Labels, wanted: Labels = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value)
}

function numberOf(port: INetworkPolicyPort['port'], to: Party): number | undefined {
  return typeof port === 'string' && isPod(to) ? to.ports?.[port] : Number(port)
}

function isWithin(address: string, cidr: string): boolean {
  const [network = '', length = ''] = cidr.split('/')
  const bits = (text: string) =>
    text
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('')
      .slice(0, Number(length))
  return bits(address) === bits(network)
}
