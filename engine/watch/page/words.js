// Numbers, times and texts of others, in words.

const whole = new Intl.NumberFormat("en");

export const count = n => whole.format(n);
export const plural = (n, what) => `${count(n)} ${what}${n === 1 ? "" : "s"}`;

// rate gives jobs a second, a minute or an hour, whatever needs no small fractions.
export function rate(n) {
  if (n <= 0) return "–";
  let unit = "/s";
  if (n < 1) [n, unit] = [n * 60, "/min"];
  if (n < 1) [n, unit] = [n * 60, "/h"];
  return (n < 100 ? n.toFixed(1) : count(Math.round(n))) + unit;
}

// time is a time as people say it: 0.4 s, 12 s, 3 min 5 s, 2 h 5 min, 3 d 4 h.
export function time(s) {
  if (s < 0) return "–";
  if (s < 9.95) return s.toFixed(1) + " s";
  s = Math.round(s);
  if (s < 60) return s + " s";
  const two = (n, unit, rest, small) => rest ? `${n} ${unit} ${rest} ${small}` : `${n} ${unit}`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return two(minutes, "min", s % 60, "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

export function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return (i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)) + " " + units[i];
}

export const percent = share => Math.floor(share * 100) + " %";

// clock is the time of day of a moment, in milliseconds since 1970.
export const clock = ms => new Date(ms).toLocaleTimeString("en-GB");

// visible shows the control characters of a text that others have written, but for
// tabs and newlines, and takes away what changes the direction of what follows.
export const visible = text => text
  .replace(/[\x00-\x08\x0b-\x1f]/g, c => String.fromCharCode(0x2400 + c.charCodeAt(0)))
  .replace(/\x7f/g, "\u2421")
  .replace(/[\x80-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
