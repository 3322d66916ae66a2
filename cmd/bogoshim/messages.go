package main

import (
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A messageLog has a line for every message that was sent or received.
type messageLog struct{ strings.Builder }

func (l *messageLog) see(sent bool, ct iana.ContentType, m []byte) {
	way := "read"
	if sent {
		way = "write"
	}
	switch ct {
	case iana.ContentHandshake:
		fmt.Fprintf(l, "%s hs %d\n", way, m[0])
	case iana.ContentChangeCipherSpec:
		fmt.Fprintf(l, "%s ccs\n", way)
	case iana.ContentAlert:
		fmt.Fprintf(l, "%s alert %d %d\n", way, m[0], m[1])
	case handshake.InnerHello:
		fmt.Fprintf(l, "%s clienthelloinner\n", way)
	case handshake.SSL2Content:
		fmt.Fprintf(l, "%s v2clienthello\n", way)
	}
}

// check compares the log with what the flags expect.
func (l *messageLog) check(want string) error {
	if got := l.String(); want != "" && got != want {
		return fmt.Errorf("the messages are\n%swhere these are expected:\n%s", got, want)
	}
	return nil
}
