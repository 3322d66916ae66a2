package peers

import (
	stdtls "crypto/tls"
	"fmt"
	"slices"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A feature is something that not every package under test can do.
type feature int

const (
	encryptThenMAC feature = iota
	sessionIDs
	sendKeyUpdate
	truncation // told from a proper end
	firstAlert // says what is wrong even with the first record
	echRetry   // Encrypted Client Hello after NSS's HelloRetryRequest
	echOneName // with a public name of one label
	plainAlert // OpenSSL's client of TLS 1.3 sends alerts in the clear until its own Finished
)

// How a suite authenticates the server.
const (
	anyKey   = "any"
	ecdsaKey = "ECDSA"
	rsaKey   = "RSA"
	rsaOnly  = "RSA key exchange"
)

// A suite has a name of its own with everybody.
type suite struct {
	id      iana.Suite
	auth    string
	openssl string
	gnutls  string // cipher and MAC of a priority string
	cbc     bool
}

var suites = []suite{
	{iana.TLS_AES_128_GCM_SHA256, anyKey, "TLS_AES_128_GCM_SHA256", "+AES-128-GCM:+AEAD", false},
	{iana.TLS_AES_256_GCM_SHA384, anyKey, "TLS_AES_256_GCM_SHA384", "+AES-256-GCM:+AEAD", false},
	{iana.TLS_CHACHA20_POLY1305_SHA256, anyKey, "TLS_CHACHA20_POLY1305_SHA256", "+CHACHA20-POLY1305:+AEAD", false},

	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ecdsaKey, "ECDHE-ECDSA-AES128-GCM-SHA256", "+AES-128-GCM:+AEAD", false},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, ecdsaKey, "ECDHE-ECDSA-AES256-GCM-SHA384", "+AES-256-GCM:+AEAD", false},
	{iana.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, ecdsaKey, "ECDHE-ECDSA-CHACHA20-POLY1305", "+CHACHA20-POLY1305:+AEAD", false},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, ecdsaKey, "ECDHE-ECDSA-AES128-SHA", "+AES-128-CBC:+SHA1", true},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, ecdsaKey, "ECDHE-ECDSA-AES256-SHA", "+AES-256-CBC:+SHA1", true},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, ecdsaKey, "ECDHE-ECDSA-AES128-SHA256", "+AES-128-CBC:+SHA256", true},
	{iana.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, ecdsaKey, "ECDHE-ECDSA-AES256-SHA384", "+AES-256-CBC:+SHA384", true},

	{iana.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, rsaKey, "ECDHE-RSA-AES128-GCM-SHA256", "+AES-128-GCM:+AEAD", false},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, rsaKey, "ECDHE-RSA-AES256-GCM-SHA384", "+AES-256-GCM:+AEAD", false},
	{iana.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, rsaKey, "ECDHE-RSA-CHACHA20-POLY1305", "+CHACHA20-POLY1305:+AEAD", false},
	{iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, rsaKey, "ECDHE-RSA-AES128-SHA", "+AES-128-CBC:+SHA1", true},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, rsaKey, "ECDHE-RSA-AES256-SHA", "+AES-256-CBC:+SHA1", true},
	{iana.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, rsaKey, "ECDHE-RSA-AES128-SHA256", "+AES-128-CBC:+SHA256", true},
	{iana.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, rsaKey, "ECDHE-RSA-AES256-SHA384", "+AES-256-CBC:+SHA384", true},

	{iana.TLS_RSA_WITH_AES_128_GCM_SHA256, rsaOnly, "AES128-GCM-SHA256", "+AES-128-GCM:+AEAD", false},
	{iana.TLS_RSA_WITH_AES_256_GCM_SHA384, rsaOnly, "AES256-GCM-SHA384", "+AES-256-GCM:+AEAD", false},
	{iana.TLS_RSA_WITH_AES_128_CBC_SHA, rsaOnly, "AES128-SHA", "+AES-128-CBC:+SHA1", true},
	{iana.TLS_RSA_WITH_AES_256_CBC_SHA, rsaOnly, "AES256-SHA", "+AES-256-CBC:+SHA1", true},
	{iana.TLS_RSA_WITH_AES_128_CBC_SHA256, rsaOnly, "AES128-SHA256", "+AES-128-CBC:+SHA256", true},
	{iana.TLS_RSA_WITH_AES_256_CBC_SHA256, rsaOnly, "AES256-SHA256", "+AES-256-CBC:+SHA256", true},
}

func suiteOf(id uint16) suite {
	i := slices.IndexFunc(suites, func(s suite) bool { return uint16(s.id) == id })
	return suites[i]
}

// A group has a name of its own with everybody.
type group struct {
	id      stdtls.CurveID
	openssl string
	gnutls  string
	nss     string
}

var groups = []group{
	{stdtls.X25519, "X25519", "+GROUP-X25519", "x25519"},
	{stdtls.CurveP256, "P-256", "+GROUP-SECP256R1", "P256"},
	{stdtls.CurveP384, "P-384", "+GROUP-SECP384R1", "P384"},
	{stdtls.CurveP521, "P-521", "+GROUP-SECP521R1", "P521"},
	{stdtls.X25519MLKEM768, "", "", ""},
}

func groupOf(id stdtls.CurveID) group {
	i := slices.IndexFunc(groups, func(g group) bool { return g.id == id })
	return groups[i]
}

// curveOf gives the group on which a key of the kind lies, 0 if none.
func curveOf(kind string) stdtls.CurveID {
	switch kind {
	case "P-256":
		return stdtls.CurveP256
	case "P-384":
		return stdtls.CurveP384
	case "P-521":
		return stdtls.CurveP521
	}
	return 0
}

// A cell is one combination of the matrix.
type cell struct {
	version uint16
	suite   uint16
	group   stdtls.CurveID // 0 with RSA key exchange
	key     string         // of keyTypes
}

func (c cell) String() string {
	group := "RSA"
	if c.group != 0 {
		group = c.group.String()
	}
	return fmt.Sprintf("%s/%s/%s/%s", versionName(c.version), shortName(c.suite), group, c.key)
}

func versionName(version uint16) string {
	return strings.ReplaceAll(stdtls.VersionName(version), " ", "")
}

func shortName(suite uint16) string {
	return strings.TrimPrefix(iana.Suite(suite).String(), "TLS_")
}

// offered are the groups that a client of the cell names: the wanted one, and
// the curve of the server's certificate, which a TLS 1.2 client has to name too
// (RFC 8422, section 5.1.1).
func (c cell) offered() []stdtls.CurveID {
	curve := curveOf(c.key)
	if c.version == stdtls.VersionTLS13 || curve == 0 || curve == c.group {
		return c.allowed()
	}
	return []stdtls.CurveID{c.group, curve}
}

// allowed are the groups that a server of the cell takes; nil says that it does
// not matter.
func (c cell) allowed() []stdtls.CurveID {
	if c.group == 0 {
		return nil
	}
	return []stdtls.CurveID{c.group}
}

// cells gives the whole matrix.
func cells() []cell {
	var all []cell
	for _, s := range suites {
		version := uint16(stdtls.VersionTLS12)
		if s.auth == anyKey {
			version = stdtls.VersionTLS13
		}
		if s.auth == rsaOnly {
			all = append(all, cell{version, uint16(s.id), 0, "RSA-2048"})
			continue
		}
		for _, g := range groups {
			if g.id == stdtls.X25519MLKEM768 && version != stdtls.VersionTLS13 {
				continue // of TLS 1.3 only
			}
			for _, kind := range keyTypes {
				if s.auth == anyKey || (s.auth == rsaKey) == (kind == "RSA-2048") {
					all = append(all, cell{version, uint16(s.id), g.id, kind})
				}
			}
		}
	}
	return all
}

// sample gives a part of the cells in which every version, suite, group and key
// type that is in them still appears.
func sample(all []cell) []cell {
	var part []cell
	seen := make(map[string]bool)
	for _, c := range all {
		marks := []string{
			shortName(c.suite),
			fmt.Sprint(c.version, c.group),
			fmt.Sprint(c.version, c.key),
		}
		if !slices.ContainsFunc(marks, func(m string) bool { return !seen[m] }) {
			continue
		}
		for _, m := range marks {
			seen[m] = true
		}
		part = append(part, c)
	}
	return part
}
