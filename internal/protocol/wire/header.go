package wire

import "github.com/handsel-tls/handsel/internal/protocol/iana"

// HeaderLen is the length of a handshake message's header: its type, and its
// length in 3 bytes. RFC 9846, section 4.
const HeaderLen = 4

// Header is what stands before the body of every handshake message. RFC 9846,
// section 4:
//
//	struct {
//	    HandshakeType msg_type;
//	    uint24 length;                          // of the body, in bytes
//	} Handshake;
type Header struct {
	Type   iana.HandshakeType
	Length int
}

// ParseHeader gives the header of the first handshake message of buf, if all
// of the header is there.
func ParseHeader(buf []byte) (h Header, ok bool) {
	if len(buf) < HeaderLen {
		return Header{}, false
	}
	return Header{iana.HandshakeType(buf[0]), int(buf[1])<<16 | int(buf[2])<<8 | int(buf[3])}, true
}

// NextMessage gives the first handshake message of buf with its header, if it
// is whole.
func NextMessage(buf []byte) (t iana.HandshakeType, raw []byte, ok bool) {
	h, ok := ParseHeader(buf)
	n := HeaderLen + h.Length
	if !ok || len(buf) < n {
		return 0, nil, false
	}
	return h.Type, buf[:n:n], true
}
