import { notice } from './notices.js'

const silenced = new Set()
let hint

/** Browsers refuse sound before the first click or key. Plays the video muted then, and unmutes it at the first one. */
export async function play(video) {
  try {
    await video.play()
  } catch (error) {
    if (error.name !== 'NotAllowedError' || video.muted) return
    video.muted = true
    silenced.add(video)
    video.play().catch(() => {}) // the video was removed meanwhile
    hint = notice('Your browser keeps the others silent until you click on this page, or press a key.', {
      kind: 'news',
    })
  }
}

function unmute() {
  for (const video of silenced) video.muted = false
  silenced.clear()
  hint?.close()
  hint = undefined
}

// the events that browsers accept as user activation
for (const event of ['pointerup', 'keydown']) addEventListener(event, unmute)
