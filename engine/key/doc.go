// Package key finds, checks and makes the secret that a coordinator and its
// workers share. Whoever holds it is let in; there is no other identity.
//
// A key is a file of one line: 64 hexadecimal digits, which are 32 random
// bytes. While a key is being changed it may hold two lines: the first is used
// to reach a coordinator, and a coordinator accepts both.
//
// The file is believed only if nobody else could have read or written it: a
// regular file of mode 0600 or 0400, owned by us or root, in a directory of ours or
// root's; and neither to that nor to one above may others write. Root's may have
// mode 0640 or 0440 where we are somebody else. All else is refused, with the
// command that mends it. A password is no key: whoever records one handshake could
// try words at leisure.
//
// Both command lines call Find at start; the coordinator calls Make when there
// is nothing to find. The package never prints, and no error of it holds any
// part of a key.
package key
