// Package disktest is a disk in memory for tests. It fails when it is told to,
// ends the process that uses it in the middle of what it does, and, when the power
// is cut, keeps of what was not synced what it likes.
package disktest

import (
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"

	"github.com/jobpipe/jobpipe/engine/disk"
)

// A Trouble is what goes wrong at an operation.
type Trouble int

const (
	Killed         Trouble = iota // before the operation
	KilledInMiddle                // when a half of it, or all, is done
	EIO                           // nothing is done
	ENOSPC                        // the same
	Short                         // a half is done, and then there is no space
)

func (t Trouble) String() string {
	return [...]string{"killed", "killed in the middle", "EIO", "ENOSPC", "short"}[t]
}

// Kill is what the process that uses a disk panics with when it is killed.
type Kill struct{}

// A Disk is a disk in memory. Each operation that changes it is counted, and at
// a chosen one there is trouble.
type Disk struct {
	Ops     int
	At      int // the operation at which there is trouble; 0: none
	Trouble Trouble
	Misuse  string // what nobody may do
	// Meanwhile, if there is one, is called in the middle of each sync. What is
	// written then is not part of it.
	Meanwhile func()

	names, synced map[string]*File // as they are, and as a power cut may leave them
	boot          int
	syncFailed    bool
}

// A File is a file, and what of it is on disk. A sync brings there what was
// written since the last one, even if that failed: so do real systems.
type File struct {
	disk       *Disk
	data, safe []byte
	dirty      []bool // by byte of data
	locked     bool
}

// New returns an empty disk.
func New() *Disk { return &Disk{names: map[string]*File{}, synced: map[string]*File{}} }

// Put makes a file that is on disk.
func (d *Disk) Put(name string, data []byte) *File {
	f := &File{disk: d, data: slices.Clone(data), safe: slices.Clone(data)}
	d.names[name], d.synced[name] = f, f
	return f
}

// What is done of an operation.
type part int

const (
	nothing part = iota
	half         // and then there is an error
	halfAndDie
	all
)

// do counts an operation, and returns how much of it is done and with what error.
func (d *Disk) do(sync bool) (part, error) {
	d.Ops++
	if sync && d.syncFailed {
		d.Misuse = "a file was synced after a sync that failed"
	}
	if d.Ops != d.At {
		return all, nil
	}
	switch d.Trouble {
	case Killed:
		panic(Kill{})
	case KilledInMiddle:
		return halfAndDie, nil
	case Short:
		return half, syscall.ENOSPC
	case EIO:
		d.syncFailed = sync
		return nothing, syscall.EIO
	}
	d.syncFailed = sync
	return nothing, syscall.ENOSPC
}

// whole is do for what is done or not, and then does it.
func (d *Disk) whole(sync bool, do func()) error {
	p, err := d.do(sync)
	if p >= halfAndDie {
		do()
	}
	if p == halfAndDie {
		panic(Kill{})
	}
	return err
}

// Restart ends the process that has used the disk. The next one finds no trouble.
func (d *Disk) Restart() {
	for _, f := range d.names {
		f.locked = false
	}
	d.Ops, d.At, d.syncFailed, d.Meanwhile = 0, 0, false, nil
}

// Cut is a power cut. Of what was not synced, any sector may be as it was before
// or as it is now, or zero where it is new, and a file may end anywhere between.
func (d *Disk) Cut(rnd *rand.Rand) {
	const sector = 16
	d.boot++
	for _, name := range slices.Sorted(maps.Keys(d.names)) { // so that it can be cut again
		f := d.names[name]
		after := slices.Clone(f.data)
		for at := 0; at < len(after); at += sector {
			s := after[at:min(at+sector, len(after))]
			choice := rnd.IntN(3)
			for i := range s {
				switch old := at+i < len(f.safe); {
				case choice == 0 && old:
					s[i] = f.safe[at+i]
				case choice == 1 && !old:
					s[i] = 0
				}
			}
		}
		switch least := min(len(f.safe), len(after)); rnd.IntN(3) {
		case 0:
			after = after[:least+rnd.IntN(len(after)-least+1)]
		case 1:
			if len(after) < len(f.safe) { // the truncation is undone
				after = append(after, f.safe[len(after):]...)
			}
		}
		f.data, f.safe, f.dirty = after, slices.Clone(after), nil
	}
	if rnd.IntN(2) == 0 {
		d.names = maps.Clone(d.synced)
	}
	d.synced = maps.Clone(d.names)
}

func (d *Disk) Open(name string) (disk.File, error) {
	if d.names[name] == nil {
		if err := d.whole(false, func() { d.names[name] = &File{disk: d} }); err != nil {
			return nil, err
		}
	}
	return d.names[name], nil
}

func (d *Disk) Create(name string) (disk.File, error) {
	if err := d.whole(false, func() { d.names[name] = &File{disk: d} }); err != nil {
		return nil, err
	}
	return d.names[name], nil
}

func (d *Disk) Rename(from, to string) error {
	err := d.whole(false, func() {
		d.names[to] = d.names[from]
		delete(d.names, from)
	})
	if err != nil {
		return err
	}
	return d.whole(true, func() { d.synced = maps.Clone(d.names) })
}

func (d *Disk) Remove(name string) error {
	return d.whole(false, func() { delete(d.names, name) })
}

// Names are those of all files.
func (d *Disk) Names() []string { return slices.Sorted(maps.Keys(d.names)) }

func (d *Disk) Is(f disk.File, name string) bool { return d.names[name] == f }
func (d *Disk) Lives(int) bool                   { return true }
func (d *Disk) Boot() string                     { return string(rune('1' + d.boot)) }

// Bytes is what the file holds; it is valid until the next operation.
func (f *File) Bytes() []byte { return f.data }

func (f *File) Close() error         { return nil }
func (f *File) Size() (int64, error) { return int64(len(f.data)), nil }

func (f *File) Lock() error {
	if f.locked {
		return disk.ErrLocked
	}
	f.locked = true
	return nil
}

func (f *File) ReadAt(b []byte, off int64) (int, error) {
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *File) WriteAt(b []byte, off int64) (int, error) {
	p, err := f.disk.do(false)
	n := len(b)
	switch p {
	case nothing:
		n = 0
	case half, halfAndDie:
		n /= 2
	}
	f.write(b[:n], off)
	if p == halfAndDie {
		panic(Kill{})
	}
	return n, err
}

func (f *File) write(b []byte, off int64) {
	end := off + int64(len(b))
	if grow := end - int64(len(f.data)); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	copy(f.data[off:], b)
	if grow := end - int64(len(f.dirty)); grow > 0 {
		f.dirty = append(f.dirty, make([]bool, grow)...)
	}
	for i := off; i < end; i++ {
		f.dirty[i] = true
	}
}

func (f *File) Truncate(size int64) error {
	return f.disk.whole(false, func() {
		f.data = slices.Clone(f.data[:size])
		f.dirty = f.dirty[:min(len(f.dirty), int(size))]
	})
}

func (f *File) Sync() error {
	after := make([]byte, len(f.data))
	copy(after, f.safe)
	for i, dirty := range f.dirty {
		if dirty {
			after[i] = f.data[i]
		}
	}
	clear(f.dirty)
	if f.disk.Meanwhile != nil {
		f.disk.Meanwhile()
	}
	return f.disk.whole(true, func() { f.safe = after })
}
