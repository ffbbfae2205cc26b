// For Docker's HEALTHCHECK: exits with code 0 if the node answers 200 on /healthz, or on the given path.
const { PORT = '8080', OPS_PORT = '9464' } = process.env
const [path = '/healthz'] = process.argv.slice(2)

// OPS_PORT=0 puts the probes on PORT, and an empty value counts as unset
const port = (OPS_PORT === '0' ? PORT || '8080' : OPS_PORT) || '9464'
try {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`)
  if (answer.status !== 200) fail(`${answer.status} ${await answer.text()}`)
} catch (error) {
  fail(error.cause?.code ?? error.message)
}

/** @param {string} reason `docker inspect` shows it, and so does a terminal. /readyz has the cause in its body */
function fail(reason) {
  console.error(`${path}: ${reason}`)
  process.exitCode = 1
}
