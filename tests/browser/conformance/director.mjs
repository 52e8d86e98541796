/**
 * Plays the script in the page, and keeps a record of its own of what happened: where the playhead was seen, by looking
 * at it, and by the frames shown. It knows nothing of the ways in.
 */

/** Runs in the page, from the press on play to the last pause. Resolves with the record. */
export async function direct({ script, leadMs }) {
  const video = document.querySelector('video, audio');
  const LOOK_MS = 4;
  /** Shorter is no stall, neither to a viewer nor to this record. */
  const STALL_MS = 250;
  /** Players may hesitate for a moment; a picture that stands still longer has run out of media. */
  const FROZEN_MS = 500;
  /** Two words about the same wait: at the same place, in seconds, and before anybody could have come by once more. */
  const NEAR_S = 0.2;
  const SAME_MS = 4_000;
  const record = { stalls: [], waits: [], ranges: [], playingMs: 0 };
  const moves = { at: 0, place: 0 };
  const now = () => performance.now();
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const open = (second) => fetch(`/open?to=${second}`);
  const until = async (isSo) => {
    while (!isSo()) await sleep(LOOK_MS);
  };
  const at = (ms) => until(() => now() >= ms);

  const pressed = now();
  const recorder = setInterval(() => {
    const place = video.currentTime;
    if (place === moves.place) return;
    const seen = now();
    if (!video.seeking && place > moves.place && !video.paused) {
      const stood = seen - moves.at;
      if (record.startupMs === undefined) record.startupMs = seen - pressed;
      else if (stood > STALL_MS && !moves.rested) record.stalls.push(stood);
      else if (!moves.rested) record.playingMs += stood;
      moves.rested = false;
    }
    Object.assign(moves, { at: seen, place });
  }, LOOK_MS);
  // Where the element says it waits; some ways in take its word, however short the wait.
  video.addEventListener('waiting', () => {
    const place = video.currentTime;
    const known = record.waits.some((one) => Math.abs(one.place - place) < NEAR_S && now() - one.at < SAME_MS);
    const ordinary = record.startupMs === undefined || video.seeking || moves.rested || Math.abs(place - script.backTo) < NEAR_S;
    if (!known && !ordinary) record.waits.push({ place, at: now() });
  });
  const rest = () => {
    video.pause();
    moves.rested = true;
    return video.currentTime * 1_000;
  };

  window.press?.();
  void video.play().catch(() => undefined);
  await at(pressed + script.startupMs - leadMs.start);
  void open(script.heldFrom);
  await until(() => video.currentTime > script.heldFrom / 2 && now() - moves.at > FROZEN_MS);
  const froze = moves.at;
  window.choose?.(1);
  await at(froze + script.stallMs - leadMs.stall);
  void open(Infinity);
  await until(() => video.currentTime >= script.pausedAt);
  const paused = now();
  const first = rest();
  await at(paused + script.pauseMs);
  video.currentTime = script.backTo;
  await until(() => !video.seeking);
  void video.play();
  await until(() => video.currentTime >= script.fasterFrom);
  video.playbackRate = script.rate;
  await until(() => video.currentTime >= script.leftAt);
  record.ranges.push([0, first], [script.backTo * 1_000, rest()]);
  record.height = video.videoHeight;
  clearInterval(recorder);
  return record;
}
