// For Docker's HEALTHCHECK: exits with code 0 if the node answers 200 on /healthz, or on the given path.
const { PORT = '8080', OPS_PORT = '9464' } = process.env
const [path = '/healthz'] = process.argv.slice(2)

// OPS_PORT=0 puts the probes on PORT, and an empty value counts as unset
const port = (OPS_PORT === '0' ? PORT || '8080' : OPS_PORT) || '9464'
const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(({ cause }) => ({ status: cause?.code }))
if (answer.status !== 200) {
  console.error(`${path}: ${answer.status}`) // `docker inspect` shows this line
  process.exit(1)
}
