import { notice } from './notices.js'

const silenced = new Set()
let told

/** A page that nobody has touched may not make a sound: the picture comes at once, the sound with the first touch. */
export async function play(video) {
  try {
    await video.play()
  } catch (error) {
    if (error.name !== 'NotAllowedError' || video.muted) return
    video.muted = true
    silenced.add(video)
    video.play().catch(() => {}) // taken away in the meantime
    told = notice('Your browser keeps the others silent until you click on this page, or press a key.', {
      kind: 'news',
    })
  }
}

function hear() {
  for (const video of silenced) video.muted = false
  silenced.clear()
  told?.close()
  told = undefined
}

// what counts as a touch for the browser, too
for (const touch of ['pointerup', 'keydown']) addEventListener(touch, hear)
