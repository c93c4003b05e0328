// Package first is for programs that are the first process of a container, and start
// others.
//
// Processes whose parent has ended become children of the first one, which has to take
// note when they end: otherwise they stay, as zombies, until the container may have no
// more. A program that waits for its own children only would have to be told apart from
// those, so it is started again as a child, and the first process does nothing but take
// note, pass signals on, and end as the child does.
package first
