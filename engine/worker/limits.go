package worker

import "time"

// What a coordinator may ask for; beyond these, a worker does as if it were these.
const (
	MaxRecord = 1 << 30               // bytes of a record
	LeastDead = 10 * time.Millisecond // of silence that means the end
	MostDead  = 24 * time.Hour
)

// What a coordinator can cost us at most, and how long we are patient.
const (
	maxQueued    = 64 << 20 // bytes of jobs not started, beyond one a slot
	rangeCost    = 128      // bytes a queued range is counted as besides its data
	answerCost   = 128      // bytes an answer is counted as besides its data
	maxControl   = 1 << 20  // bytes of short answers it does not read
	maxHeld      = 64 << 20 // bytes of results in memory above which no job is started
	maxUnsent    = 1 << 20  // bytes of answers above which no more are read
	writeSize    = 256 << 10
	partSize     = 48 << 10             // of a large result in one frame
	wholeSize    = 32 << 10             // a result that is larger goes in parts
	companySize  = 16                   // results of short jobs that are sent together
	companyTime  = 2 * time.Millisecond // after which they are sent although there are fewer
	openPatience = 5 * time.Second
	ackPatience  = 30 * time.Second       // for results to be written when we leave
	byePatience  = time.Second            // for the goodbye to be read
	sweepWait    = 500 * time.Millisecond // for a signal that a job has died of to come to us
	firstPause   = 100 * time.Millisecond // when a process cannot be started
	lastPause    = 5 * time.Second
	lookAgain    = 500 * time.Millisecond // whether the machine is busy
	firstRetry   = 50 * time.Millisecond  // when the coordinator cannot be reached
	lastRetry    = 3 * time.Second
	firstIdle    = 2 * time.Second // without work, when there are other coordinators
	lastIdle     = time.Minute
	lastLook     = 10 * time.Second // for coordinators that we have not met, when the run of one is over
)

// What is kept to be used again: enough for a flood, little beside what is above.
const (
	mostChunks  = 128     // of memory for a frame
	mostRecords = 4       // that came in parts
	mostRecord  = 4 << 20 // bytes of one of those
	mostSpare   = 1024    // answers, without what they hold
)
