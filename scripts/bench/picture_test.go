package main

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strconv"
	"testing"
)

func TestAxis(t *testing.T) {
	a := axisOf(some()) // 0.05 to 3, a goal of 2, and one result without a ratio
	if a != (axis{-2, 1}) {
		t.Fatalf("%+v", a)
	}
	const decade = (chartEnd - chartLeft) / 3
	for ratio, want := range map[float64]float64{
		0.01: chartLeft, 0.1: chartLeft + decade, 1: chartLeft + 2*decade, 10: chartEnd,
		math.Sqrt(10): chartEnd - decade/2,
	} {
		if got := a.at(ratio); math.Abs(got-want) > 1e-6 {
			t.Errorf("%v is at %v, want %v", ratio, got, want)
		}
	}
	if a := axisOf(nil); a.high <= a.low {
		t.Errorf("without results %+v", a)
	}
}

func TestDecade(t *testing.T) {
	for exponent, want := range map[float64]string{-2: "0.01×", -1: "0.1×", 0: "1×", 2: "100×", 3: "1k×", 5: "100k×", 6: "1M×"} {
		if got := decade(exponent); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// The picture is well-formed, needs nothing from elsewhere, and has a bar for
// each ratio: from 1 to the right, or to the left and in another colour.
func TestPicture(t *testing.T) {
	drawn := picture(some())
	if bytes.Contains(drawn, []byte("href")) || bytes.Contains(drawn, []byte("url(")) {
		t.Error("refers to something")
	}
	type bar struct {
		class       string
		left, right float64
	}
	var bars []bar
	decoder := xml.NewDecoder(bytes.NewReader(drawn))
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rect, ok := token.(xml.StartElement)
		if !ok || rect.Name.Local != "rect" {
			continue
		}
		is := map[string]string{}
		for _, attribute := range rect.Attr {
			is[attribute.Name.Local] = attribute.Value
		}
		x, _ := strconv.ParseFloat(is["x"], 64)
		wide, _ := strconv.ParseFloat(is["width"], 64)
		bars = append(bars, bar{is["class"], x, x + wide})
	}
	a := axisOf(some())
	want := []bar{
		{"panel", 0.5, width - 0.5},
		{"bar", a.at(1), a.at(3)},
		{"missed", a.at(0.05), a.at(1)},
	}
	if len(bars) != len(want) {
		t.Fatalf("%d rectangles, want %d", len(bars), len(want))
	}
	for i, b := range bars {
		if b.class != want[i].class || math.Abs(b.left-want[i].left) > 0.2 || math.Abs(b.right-want[i].right) > 0.2 {
			t.Errorf("%+v, want %+v", b, want[i])
		}
	}
}
