//go:build linux && !amd64

package command

var oldPolls, oldSelects, oldEpolls []int
