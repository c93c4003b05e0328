package codec

import (
	"strconv"
	"strings"
)

// mostShown is how many bytes of a peer's words are shown.
const mostShown = 256

// Clean is text of a peer made fit for a terminal: escaped, and cut short.
func Clean(text string) string {
	if len(text) > mostShown {
		text = text[:mostShown] + "…"
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
