// Package socket is what the others need of sockets that package net does not
// have, and a port that is opened with words for what may be wrong with it.
package socket
