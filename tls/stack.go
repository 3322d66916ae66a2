package tls

// handshakeStack is how much of its goroutine's stack a handshake needs, in
// bytes, and the answer to an HTTP request after it.
const handshakeStack = 12 << 10

// growStack has the stack of a goroutine grow to what a handshake needs at once,
// while there is little on it. A new goroutine would otherwise double it several
// times on the way down, and copy more each time. at is any place in the room: a
// compiler that knew it would do without the room.
//
//go:noinline
func growStack(at int) byte {
	var room [handshakeStack]byte
	return room[at]
}
