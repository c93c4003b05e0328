// Lanes: what slots did in the last minute, drawn second by second. A second is a
// column, in which each activity has its share of the height, from below: what is
// left on top was free.

export const activities = ["working", "reading", "writing", "waiting", "free"];
const seconds = 60;

let colours;

// recolour reads the colours again, which are those of the style sheet.
export function recolour() {
  const style = getComputedStyle(document.documentElement);
  colours = activities.map(a => style.getPropertyValue("--" + a).trim());
}

// draw draws a strip, which has five percentages for each second, oldest first.
export function draw(canvas, strip) {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * scale);
  const height = Math.round(canvas.clientHeight * scale);
  if (!width || !height) return;
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  const paint = canvas.getContext("2d");
  paint.clearRect(0, 0, width, height);
  const n = strip.length / activities.length;
  const gap = width / seconds >= 4 * scale ? Math.round(scale) : 0;
  for (let i = 0; i < n; i++) {
    const left = Math.round((seconds - n + i) * width / seconds);
    const right = Math.round((seconds - n + i + 1) * width / seconds) - gap;
    let sum = 0;
    for (let a = 0; a < activities.length; a++) {
      const share = strip[i * activities.length + a];
      if (!share) continue;
      const bottom = Math.round(height * (100 - sum) / 100);
      sum = Math.min(100, sum + share);
      const top = Math.round(height * (100 - sum) / 100);
      paint.fillStyle = colours[a];
      paint.fillRect(left, top, right - left, bottom - top);
    }
  }
}

// tell says the same in words.
export function tell(strip) {
  const sums = activities.map((_, a) => {
    let sum = 0;
    for (let i = a; i < strip.length; i += activities.length) sum += strip[i];
    return sum;
  });
  const all = sums.reduce((a, b) => a + b, 0);
  if (!all) return "no slots in the last minute";
  const parts = activities.map((a, i) => [a, Math.round(100 * sums[i] / all)]).filter(p => p[1] > 0);
  return "in the last minute " + parts.map(p => `${p[0]} ${p[1]} %`).join(", ");
}
