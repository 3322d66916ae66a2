package peers

import (
	stdtls "crypto/tls"
	"testing"
)

// A role is what a peer is in a test.
type role int

const (
	either role = iota
	asServer
	asClient
)

func (r role) String() string { return [...]string{"either", "as server", "as client"}[r] }

// A setup says what a program is started with.
type setup struct {
	version uint16           // 0: whatever it likes
	suite   uint16           // 0: whatever it likes
	groups  []stdtls.CurveID // nil: whatever it likes
	id      *identity        // its certificate; a client may have none
	name    string           // of the server; "": host
	more    []string         // arguments of the program

	environment []string // "NAME=value"
}

func (s setup) serverName() string {
	if s.name == "" {
		return host
	}
	return s.name
}

// A peer is an implementation of others, in either role.
type peer interface {
	name() string

	// serve starts a server and gives its address, and what to say to it and
	// what it must answer.
	serve(t *testing.T, s setup) (address, say, hear string)

	// connect has a client say a line to the server at the address, and fails
	// the test unless the answer comes back.
	connect(t *testing.T, s setup, address string)
}

var peersOfMatrix = []peer{standard{}, openssl{}, gnutls{}, nss{}}

// TestMatrix makes a connection for every version, suite, group and key type
// that we share with a peer, in both directions.
func TestMatrix(t *testing.T) {
	for _, p := range peersOfMatrix {
		t.Run(p.name(), func(t *testing.T) {
			t.Run("server", func(t *testing.T) { eachCell(t, p, asServer, testServerOfOthers) })
			t.Run("client", func(t *testing.T) { eachCell(t, p, asClient, testClientOfOthers) })
		})
	}
}

func eachCell(t *testing.T, p peer, r role, test func(*testing.T, peer, cell)) {
	var possible []cell
	for _, c := range cells() {
		if impossible(p.name(), r, c) == "" {
			possible = append(possible, c)
		}
	}
	if testing.Short() {
		possible = sample(possible)
	}
	for _, c := range possible {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			test(t, p, c)
		})
	}
}

// testServerOfOthers connects to a server that allows nothing but the cell.
func testServerOfOthers(t *testing.T, p peer, c cell) {
	address, say, hear := p.serve(t, setup{
		version: c.version, suite: c.suite, groups: c.allowed(), id: identities()[c.key],
	})
	config := clientConfig(c.version)
	config.CipherSuites = []uint16{c.suite}
	config.CurvePreferences = c.offered()
	conn := dial(t, address, config)
	converse(t, conn, say, hear)
	checkState(t, conn.ConnectionState(), c)
}

// testClientOfOthers serves a client that offers nothing but the cell.
func testClientOfOthers(t *testing.T, p peer, c cell) {
	config := serverConfig(c.version, identities()[c.key])
	config.CipherSuites = []uint16{c.suite}
	config.CurvePreferences = c.allowed()
	server := serve(t, config, nil)
	p.connect(t, setup{version: c.version, suite: c.suite, groups: c.offered()}, server.address)
	checkState(t, server.next(t).state, c)
}

func checkState(t *testing.T, state stdtls.ConnectionState, c cell) {
	t.Helper()
	if state.Version != c.version || state.CipherSuite != c.suite || state.CurveID != c.group {
		t.Errorf("the connection has %s, %s, %v; want %v", versionName(state.Version),
			shortName(state.CipherSuite), state.CurveID, c)
	}
	if !state.HandshakeComplete || state.DidResume {
		t.Errorf("HandshakeComplete %v, DidResume %v", state.HandshakeComplete, state.DidResume)
	}
}
