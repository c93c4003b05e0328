package flags

import (
	"encoding"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestKinds(t *testing.T) {
	defer func(f func() int) { cpus = f }(cpus)
	cpus = func() int { return 6 }
	defer func(f func() int) { processors = f }(processors)
	processors = func() int { return 12 }

	type kind = encoding.TextUnmarshaler
	size := func() (kind, func() any) { var v Size; return &v, func() any { return v } }
	duration := func() (kind, func() any) { var v Duration; return &v, func() any { return v } }
	count := func() (kind, func() any) { var v Count; return &v, func() any { return v } }
	rate := func() (kind, func() any) { var v Rate; return &v, func() any { return v } }
	load := func() (kind, func() any) { var v Load; return &v, func() any { return v } }
	file := func() (kind, func() any) { var v File; return &v, func() any { return v } }
	slots := func() (kind, func() any) { var v Slots; return &v, func() any { return v } }

	tests := []struct {
		kind func() (kind, func() any)
		text string
		want any // an error begins with "error: "
	}{
		{size, "1", Size(1)},
		{size, "64KiB", Size(64 << 10)},
		{size, "64kb", Size(64000)},
		{size, "1.5GiB", Size(3 << 29)},
		{size, "8EiB", "error: \"8EiB\" is no size"},
		{size, "0", "error: \"0\" is too small"},
		{size, "0.2", "error: \"0.2\" is too small"},
		{size, "-1", "error: \"-1\" is no size"},
		{size, "", "error: \"\" is no size; write it like 64KiB"},
		{size, "much", "error: \"much\" is no size"},

		{duration, "300ms", Duration(300 * time.Millisecond)},
		{duration, "1h30m", Duration(90 * time.Minute)},
		{duration, "0", Duration(0)},
		{duration, "15", "error: \"15\" has no unit; write 15s for seconds"},
		{duration, "1e3", "error: \"1e3\" is no time"}, // 1e3s is none either
		{duration, "nan", "error: \"nan\" is no time"},
		{duration, "-1s", "error: \"-1s\" is less than nothing"},
		{duration, "soon", "error: \"soon\" is no time"},
		{duration, "", "error: \"\" is no time"},
		{duration, "9999999h", "error: \"9999999h\" is no time"},

		{count, "0", Count(0)},
		{count, "17", Count(17)},
		{count, "-1", "error: \"-1\" is no number from 0"},
		{count, "1.5", "error: \"1.5\" is no number"},
		{count, "99999999999999999999", "error: "},

		{rate, "10/s", Rate(10)},
		{rate, "10", Rate(10)},
		{rate, "0.5/s", Rate(0.5)},
		{rate, "1e3/s", Rate(1000)},
		{rate, "0/s", "error: at 0/s nothing would ever run"},
		{rate, "1e-9/s", "error: 1e-9/s is out of reason"},
		{rate, "2e9/s", "error: 2e9/s is out of reason"},
		{rate, "-1/s", "error: \"-1/s\" is no rate"},
		{rate, "inf", "error: inf is out of reason"},
		{rate, "nan", "error: \"nan\" is no rate"},
		{rate, "10/m", "error: \"10/m\" is no rate; write it like 10/s"},
		{rate, "", "error: \"\" is no rate"},

		{load, "8", Load(8)},
		{load, "1.5", Load(1.5)},
		{load, "100%", Load(12)},
		{load, "12.5%", Load(1.5)},
		{load, "0", "error: at a load of 0 nothing would ever run"},
		{load, "0%", "error: at a load of 0% nothing would ever run"},
		{load, "-1", "error: \"-1\" is no load; write it like 8"},
		{load, "inf", "error: \"inf\" is no load"},
		{load, "nan", "error: \"nan\" is no load"},
		{load, "%", "error: \"%\" is no load"},
		{load, "", "error: \"\" is no load"},

		{file, "a", File("a")},
		{file, "-", File("-")},
		{file, "", "error: the name of the file is empty"},
		{file, "a\x00", "error: the name of the file holds a NUL"},

		{slots, "1", Slots(1)},
		{slots, "4096", Slots(4096)},
		{slots, "4097", "error: 4097 are too many"},
		{slots, "100%", Slots(6)},
		{slots, "50%", Slots(3)},
		{slots, "1%", Slots(1)},
		{slots, "250%", Slots(15)},
		{slots, "0", "error: with 0 nothing would run"},
		{slots, "0%", "error: with 0% nothing would run"},
		{slots, "-1", "error: \"-1\" is no number of jobs"},
		{slots, "+1", "error: "},
		{slots, "%", "error: "},
		{slots, "", "error: "},
		{slots, "4294967297%", "error: "},
		{slots, "999999999%", "error: "},
	}
	for _, test := range tests {
		v, value := test.kind()
		t.Run(fmt.Sprintf("%T %s", v, test.text), func(t *testing.T) {
			err := v.UnmarshalText([]byte(test.text))
			if want, ok := test.want.(string); ok {
				if err == nil || !strings.HasPrefix("error: "+err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("error %v, want %q", err, want)
				}
				return
			}
			if err != nil || value() != test.want {
				t.Errorf("%v, %v, want %v", value(), err, test.want)
			}
		})
	}
}
