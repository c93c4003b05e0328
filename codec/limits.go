package codec

// Versions of the messages that this package speaks.
const MinVersion, MaxVersion uint8 = 1, 1

// Limits of the wire format. A peer that goes beyond one is in error.
const (
	// HeaderLen is the size of what says how long a frame is.
	HeaderLen = 4

	// MaxFrame is the largest length of a frame: one Noise message.
	MaxFrame = 65535

	// MaxPayload is what a frame of MaxFrame has room for when it is sealed. It
	// holds for every payload, so that no message fits or not depending on how it
	// travels, and one buffer of this size takes whatever is decompressed.
	MaxPayload = MaxFrame - tagLen - bodyLen

	// ManySpans is a number of spans that surely fits a frame: each has two varints.
	ManySpans = 2000

	// MaxSlots is how many slots a worker has at most: of one that says it has
	// more, so many are believed.
	MaxSlots = 4096

	// MaxName is how many bytes the name of a worker has: more than host:pid takes.
	MaxName = 100

	maxSentence = 512 // bytes; a line or two on a terminal
)

const (
	bodyLen = 2  // type and flags, before the payload
	tagLen  = 16 // of AES-GCM, after it

	// rekeyEvery is after how many frames of a direction its key is replaced.
	rekeyEvery = 1 << 16

	// maxWindow is the largest window of a zstd frame: 8 MiB is what RFC 8878
	// asks every decoder to support. It costs nothing, as the whole output is
	// kept anyway.
	maxWindow = 8 << 20
)
