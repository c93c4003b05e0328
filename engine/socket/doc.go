// Package socket is what coordinator and worker need of sockets that package
// net does not have.
package socket
