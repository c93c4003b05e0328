package commit

import (
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"syscall"
)

// A fakeDisk is a disk in memory. Each operation that changes it is counted, and
// at a chosen one something goes wrong.
type fakeDisk struct {
	names, synced map[string]*fakeFile // as they are, and as a power cut may leave them
	boot          string
	ops           int
	at            int    // the operation at which trouble comes; 0: none
	trouble       string // see do
	syncFailed    bool
	misuse        string // what nobody may do
}

// A fakeFile is a file, and what of it is on disk. A sync brings there what was
// written since the last one, even if that failed: so do real systems.
type fakeFile struct {
	disk       *fakeDisk
	data, safe []byte
	dirty      []bool // by byte of data
	locked     bool
}

// killed is what ends a process.
type killed struct{}

func newFakeDisk() *fakeDisk {
	return &fakeDisk{names: map[string]*fakeFile{}, synced: map[string]*fakeFile{}, boot: "1"}
}

// do counts an operation, and returns how much of it is done and with what error.
func (d *fakeDisk) do(sync bool) (part int, err error) {
	d.ops++
	if sync && d.syncFailed {
		d.misuse = "a file was synced after a sync that failed"
	}
	if d.ops != d.at {
		return 1, nil
	}
	switch d.trouble {
	case "killed":
		panic(killed{})
	case "killed in the middle":
		return -1, nil
	case "short":
		return -2, syscall.ENOSPC
	case "EIO":
		d.syncFailed = sync
		return 0, syscall.EIO
	}
	d.syncFailed = sync
	return 0, syscall.ENOSPC
}

// restart is what the next process finds.
func (d *fakeDisk) restart() {
	for _, f := range d.names {
		f.locked = false
	}
	d.ops, d.at, d.syncFailed = 0, 0, false
}

// cut is a power cut. Of what was not synced, any sector may be as it was before
// or as it is now, or zero where it is new, and a file may end anywhere between.
func (d *fakeDisk) cut(rnd *rand.Rand) {
	const sector = 16
	d.boot += "1"
	for _, f := range slices.Collect(maps.Values(d.names)) {
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

func (d *fakeDisk) Open(name string) (file, error) {
	if d.names[name] == nil {
		if part, err := d.do(false); part != 1 {
			if part == -1 {
				panic(killed{})
			}
			return nil, err
		}
		d.names[name] = &fakeFile{disk: d}
	}
	return d.names[name], nil
}

func (d *fakeDisk) Create(name string) (file, error) {
	part, err := d.do(false)
	if part == 1 || part == -1 {
		d.names[name] = &fakeFile{disk: d}
	}
	if part == -1 {
		panic(killed{})
	}
	return d.names[name], err
}

func (d *fakeDisk) Rename(from, to string) error {
	part, err := d.do(false)
	if part == 1 || part == -1 {
		d.names[to] = d.names[from]
		delete(d.names, from)
	}
	if part == -1 {
		panic(killed{})
	}
	if err != nil {
		return err
	}
	if part, err = d.do(true); part == 1 || part == -1 {
		d.synced = maps.Clone(d.names)
	}
	if part == -1 {
		panic(killed{})
	}
	return err
}

func (d *fakeDisk) Is(f file, name string) bool { return d.names[name] == f }
func (d *fakeDisk) Lives(int) bool              { return true }
func (d *fakeDisk) Boot() string                { return d.boot }

func (f *fakeFile) Close() error         { return nil }
func (f *fakeFile) Size() (int64, error) { return int64(len(f.data)), nil }

func (f *fakeFile) Lock() error {
	if f.locked {
		return errLocked
	}
	f.locked = true
	return nil
}

func (f *fakeFile) ReadAt(b []byte, off int64) (int, error) {
	if off >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.data[off:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *fakeFile) WriteAt(b []byte, off int64) (int, error) {
	part, err := f.disk.do(false)
	n := len(b)
	switch part {
	case 0:
		n = 0
	case -1, -2:
		n /= 2
	}
	if grow := off + int64(n) - int64(len(f.data)); grow > 0 {
		f.data = append(f.data, make([]byte, grow)...)
	}
	copy(f.data[off:], b[:n])
	for int64(len(f.dirty)) < off+int64(n) {
		f.dirty = append(f.dirty, false)
	}
	for i := range n {
		f.dirty[off+int64(i)] = true
	}
	if part == -1 {
		panic(killed{})
	}
	return n, err
}

func (f *fakeFile) Truncate(size int64) error {
	part, err := f.disk.do(false)
	if part == 1 || part == -1 {
		f.data = slices.Clone(f.data[:size])
		f.dirty = f.dirty[:min(len(f.dirty), int(size))]
	}
	if part == -1 {
		panic(killed{})
	}
	return err
}

func (f *fakeFile) Sync() error {
	part, err := f.disk.do(true)
	if part == 1 || part == -1 {
		after := make([]byte, len(f.data))
		copy(after, f.safe)
		for i, dirty := range f.dirty {
			if dirty {
				after[i] = f.data[i]
			}
		}
		f.safe = after
	}
	clear(f.dirty)
	if part == -1 {
		panic(killed{})
	}
	return err
}
