package flow

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

const (
	// mostKeyed is how many connections a KeyLog has secrets of, and mostSecret
	// how long one may be in bytes: a premaster secret of Diffie-Hellman with a
	// prime of 8192 bits.
	mostKeyed  = 1 << 17
	mostSecret = 1024
)

// A label says which secret a line of a key log holds.
type label uint8

const (
	masterSecret label = iota
	premasterSecret
	clientEarly
	clientHandshake
	serverHandshake
	clientTraffic
	serverTraffic
	labels
)

// labelNames are the words of RFC 9850, sections 2.1 and 2.2; PMS_CLIENT_RANDOM
// is NSS's. What opens no record is left out.
var labelNames = map[string]label{
	"CLIENT_RANDOM":                   masterSecret,
	"PMS_CLIENT_RANDOM":               premasterSecret,
	"CLIENT_EARLY_TRAFFIC_SECRET":     clientEarly,
	"CLIENT_HANDSHAKE_TRAFFIC_SECRET": clientHandshake,
	"SERVER_HANDSHAKE_TRAFFIC_SECRET": serverHandshake,
	"CLIENT_TRAFFIC_SECRET_0":         clientTraffic,
	"SERVER_TRAFFIC_SECRET_0":         serverTraffic,
}

// A KeyLog holds the secrets of key logs in the format of SSLKEYLOGFILE (RFC
// 9850), by the random of the ClientHello. It may grow while connections are
// read, and be used by several goroutines.
type KeyLog struct {
	mu       sync.RWMutex
	secrets  map[[32]byte]*[labels][]byte
	rsa      map[[8]byte][]byte // premaster secrets by the first bytes of what they were encrypted to
	sessions map[string][]byte  // master secrets by the session ID, as OpenSSL 0.9.8 writes them
	left     int
}

// Add takes lines of a key log, and gives how many of them are none. Comments,
// empty lines and labels of other purposes are passed over.
func (l *KeyLog) Add(lines []byte) (bad int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.secrets == nil {
		l.secrets, l.rsa = make(map[[32]byte]*[labels][]byte), make(map[[8]byte][]byte)
	}
	if l.sessions == nil {
		l.sessions = make(map[string][]byte)
	}
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' && !l.line(line) {
			bad++
		}
	}
	return bad
}

// Left gives how many secrets there was no room for.
func (l *KeyLog) Left() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.left
}

// line takes a line: label, client random and secret.
func (l *KeyLog) line(line []byte) bool {
	words := bytes.Fields(line)
	if len(words) != 3 {
		return false
	}
	if string(words[0]) == "RSA" {
		id, isID := bytes.CutPrefix(words[1], []byte("Session-ID:"))
		if secret, ok := bytes.CutPrefix(words[2], []byte("Master-Key:")); ok && isID {
			return l.ofSession(id, secret)
		}
		return l.encrypted(words[1], words[2])
	}
	name, known := labelNames[string(words[0])]
	if !known {
		return true
	}
	var random [32]byte
	secret, ok := unhex(words[2])
	if !ok || len(words[1]) != 2*len(random) {
		return false
	}
	if _, err := hex.Decode(random[:], words[1]); err != nil {
		return false
	}
	of := l.secrets[random]
	if of == nil {
		if l.full() {
			l.left++
			return true
		}
		of = new([labels][]byte)
		l.secrets[random] = of
	}
	if of[name] == nil { // a KeyUpdate or a renegotiation does not change the first
		of[name] = secret
	}
	return true
}

// encrypted takes a premaster secret that goes by the first eight bytes of the
// encrypted one.
func (l *KeyLog) encrypted(of, premaster []byte) bool {
	var first [8]byte
	secret, ok := unhex(premaster)
	if !ok || len(of) != 2*len(first) {
		return false
	}
	if _, err := hex.Decode(first[:], of); err != nil {
		return false
	}
	if l.full() {
		l.left++
		return true
	}
	l.rsa[first] = secret
	return true
}

// ofSession takes the master secret of a session.
func (l *KeyLog) ofSession(id, master []byte) bool {
	session, ok := unhex(id)
	secret, ok2 := unhex(master)
	if !ok || !ok2 || len(session) > 32 {
		return false
	}
	if l.full() {
		l.left++
		return true
	}
	l.sessions[string(session)] = secret
	return true
}

// learn keeps the master secret of a session that was worked out.
func (l *KeyLog) learn(id string, master []byte) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.sessions == nil {
		l.sessions = make(map[string][]byte)
	}
	if _, known := l.sessions[id]; !known && !l.full() {
		l.sessions[id] = master
	}
}

func (l *KeyLog) full() bool { return len(l.secrets)+len(l.rsa)+len(l.sessions) >= mostKeyed }

func unhex(b []byte) ([]byte, bool) {
	if len(b) == 0 || len(b) > 2*mostSecret {
		return nil, false
	}
	out := make([]byte, hex.DecodedLen(len(b)))
	_, err := hex.Decode(out, b)
	return out, err == nil
}

// secret gives a secret of a connection, nil if it is not known.
func (l *KeyLog) secret(random *[32]byte, name label) []byte {
	if l == nil {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	if of := l.secrets[*random]; of != nil {
		return of[name]
	}
	return nil
}

// session gives the master secret of a session, nil if it is not known.
func (l *KeyLog) session(id string) []byte {
	if l == nil {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.sessions[id]
}

// premaster gives the premaster secret that was encrypted to the bytes of a
// ClientKeyExchange, nil if it is not known.
func (l *KeyLog) premaster(encrypted []byte) []byte {
	if l == nil || len(encrypted) < 8 {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.rsa[[8]byte(encrypted)]
}

// lines gives what the log has of a connection, as lines of a key log.
func (l *KeyLog) lines(random *[32]byte) (b []byte) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	of := l.secrets[*random]
	if of == nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(labelNames)) {
		if secret := of[labelNames[name]]; secret != nil {
			b = fmt.Appendf(b, "%s %x %x\n", name, *random, secret)
		}
	}
	return b
}

// Secrets gives what a key log has of the story's connection, as lines of a key
// log.
func (s *Story) Secrets(k *Keys) (b []byte) {
	var before [32]byte
	for _, m := range s.Messages {
		if m.Type != iana.MsgClientHello || m.SSL2 || len(m.Raw) < 38 {
			continue
		}
		if random := [32]byte(m.Raw[6:38]); random != before { // a second hello after a retry has the same
			b, before = append(b, k.Log.lines(&random)...), random
		}
	}
	return b
}
