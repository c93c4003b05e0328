package socket

import (
	"time"

	"golang.org/x/sys/unix"
)

// SentOn finds out what has become of wrote bytes, of which the system was not yet given
// pending.
func SentOn(fd, wrote, pending int) Sent {
	s := Sent{Wrote: wrote, Queued: pending}
	if n, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err == nil {
		s.Queued += n
	}
	if info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
		s.Unread = time.Duration(info.Rwnd_limited) * time.Microsecond
		s.Far = time.Duration(info.Min_rtt) * time.Microsecond
	}
	return s
}
