package main

import (
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// A config is what the flags say of one connection.
type config struct {
	// The runner.
	port, shimID        int
	ipv6                bool
	handshakerSupported bool
	resumeCount         int
	resumptionDelay     int // seconds that pass after the connection

	// How the shim goes about it.
	server            bool
	async             bool // bytes come one at a time, answers late
	implicitHandshake bool // reading or writing begins the handshake
	noOpHandshake     bool // the handshake is asked for once more when it is complete
	shimWritesFirst   bool
	initialWrite      string
	initialWrites     int
	shimShutsDown     bool
	checkCloseNotify  bool
	readSize          int
	recordSizes       bool // writes of many sizes
	unfinishedWrite   bool // reads while a write is half done
	keyUpdate         bool
	sendAlert         bool
	neverDone         bool

	// What the engine may do.
	minVersion, maxVersion         iana.Version
	no13, no12, no11, no10         bool
	cipher                         string
	curves, keyShares              []iana.Group
	grease                         bool
	noKeyShares                    bool
	fallback                       bool
	falseStart, falseStartAny      bool
	handshakeTwice                 bool // before data is sent
	hostName                       string
	noTicket                       bool
	verifyPeer, verifyFail         bool
	requireClientCert              bool
	earlyCallback, failEarly       bool
	failCertCallback               bool
	oldClientCert                  bool
	customVerify, serverPreference bool
	reverify                       bool

	// What has to come of it.
	expectVersion, expectServerName  expectation
	expectCurve                      iana.Group
	expectScheme                     iana.SignatureScheme
	expectSuite, expectAES           iana.Suite
	expectRetry, expectNoRetry       bool
	expectMiss                       bool
	expectNoSession, expectSessionID bool
	expectNoSessionID, expectEMS     bool
	expectRenewal                    bool
	expectNoPeerCert                 bool
	expectPeerCert                   string
	expectMessages                   string

	alpn   alpnConfig
	ech    echConfig
	early  earlyConfig
	ticket ticketConfig
	export exportConfig
	types  typesConfig

	profile *profile // nil: none

	renegotiation renegotiationConfig
	oldPSK        oldPSK
	schemesConfig
	status      statusConfig
	compression compressionConfig

	credential  credentialConfig // the default one
	credentials []*credentialConfig

	expectCredential *int // its place, -1 for the default one
}

// An expectation is a value that may not be wanted at all.
type expectation struct {
	set    bool
	number iana.Version
	text   string
}

func newConfig() config {
	return config{initialWrite: "hello", initialWrites: 1, renegotiation: renegotiationConfig{mode: handshake.RenegotiateFatal}}
}

var coreFlags = flags{
	"port":                    number(func(c *config) *int { return &c.port }),
	"shim-id":                 number(func(c *config) *int { return &c.shimID }),
	"ipv6":                    yes(func(c *config) *bool { return &c.ipv6 }),
	"is-handshaker-supported": yes(func(c *config) *bool { return &c.handshakerSupported }),
	"resume-count":            number(func(c *config) *int { return &c.resumeCount }),
	"resumption-delay":        number(func(c *config) *int { return &c.resumptionDelay }),

	"server":                       yes(func(c *config) *bool { return &c.server }),
	"async":                        yes(func(c *config) *bool { return &c.async }),
	"implicit-handshake":           yes(func(c *config) *bool { return &c.implicitHandshake }),
	"no-op-extra-handshake":        yes(func(c *config) *bool { return &c.noOpHandshake }),
	"shim-writes-first":            yes(func(c *config) *bool { return &c.shimWritesFirst }),
	"shim-initial-write":           text(func(c *config) *string { return &c.initialWrite }),
	"repeat-shim-initial-write":    number(func(c *config) *int { return &c.initialWrites }),
	"shim-shuts-down":              yes(func(c *config) *bool { return &c.shimShutsDown }),
	"check-close-notify":           yes(func(c *config) *bool { return &c.checkCloseNotify }),
	"read-size":                    number(func(c *config) *int { return &c.readSize }),
	"write-different-record-sizes": yes(func(c *config) *bool { return &c.recordSizes }),
	"read-with-unfinished-write":   yes(func(c *config) *bool { return &c.unfinishedWrite }),
	"key-update":                   yes(func(c *config) *bool { return &c.keyUpdate }),
	// There is nothing to be set: CBC records are always split, a call of Seal
	// seals all of its data, and what Input gives is the caller's to look at.
	"cbc-record-splitting": ignored,
	"partial-write":        ignored,
	"peek-then-read":       ignored,
	// Which of two numbers quic_transport_parameters has over QUIC.
	"quic-use-legacy-codepoint": {wants: true, set: ignored.set},
	"send-alert":                yes(func(c *config) *bool { return &c.sendAlert }),
	"handshake-never-done":      yes(func(c *config) *bool { return &c.neverDone }),

	"min-version":                    number(func(c *config) *iana.Version { return &c.minVersion }),
	"max-version":                    number(func(c *config) *iana.Version { return &c.maxVersion }),
	"no-tls13":                       yes(func(c *config) *bool { return &c.no13 }),
	"no-tls12":                       yes(func(c *config) *bool { return &c.no12 }),
	"no-tls11":                       yes(func(c *config) *bool { return &c.no11 }),
	"no-tls1":                        yes(func(c *config) *bool { return &c.no10 }),
	"cipher":                         text(func(c *config) *string { return &c.cipher }),
	"server-preference":              yes(func(c *config) *bool { return &c.serverPreference }),
	"curves":                         numbers(func(c *config) *[]iana.Group { return &c.curves }),
	"key-shares":                     numbers(func(c *config) *[]iana.Group { return &c.keyShares }),
	"no-key-shares":                  yes(func(c *config) *bool { return &c.noKeyShares }),
	"enable-grease":                  yes(func(c *config) *bool { return &c.grease }),
	"false-start":                    yes(func(c *config) *bool { return &c.falseStart }),
	"allow-false-start-without-alpn": yes(func(c *config) *bool { return &c.falseStartAny }),
	"handshake-twice":                yes(func(c *config) *bool { return &c.handshakeTwice }),
	"fallback-scsv":                  yes(func(c *config) *bool { return &c.fallback }),
	"host-name":                      text(func(c *config) *string { return &c.hostName }),
	"no-ticket":                      yes(func(c *config) *bool { return &c.noTicket }),
	"verify-peer":                    yes(func(c *config) *bool { return &c.verifyPeer }),
	"verify-fail":                    yes(func(c *config) *bool { return &c.verifyFail }),
	"require-any-client-certificate": yes(func(c *config) *bool { return &c.requireClientCert }),
	"use-early-callback":             yes(func(c *config) *bool { return &c.earlyCallback }),
	"fail-early-callback":            yes(func(c *config) *bool { return &c.failEarly }),
	"fail-cert-callback":             yes(func(c *config) *bool { return &c.failCertCallback }),
	"use-old-client-cert-callback":   yes(func(c *config) *bool { return &c.oldClientCert }),
	"reverify-on-resume":             yes(func(c *config) *bool { return &c.reverify }),
	"use-custom-verify-callback":     yes(func(c *config) *bool { return &c.customVerify }),

	"expect-version": {wants: true, set: func(c *config, v string) error {
		c.expectVersion.set = true
		return number(func(c *config) *iana.Version { return &c.expectVersion.number }).set(c, v)
	}},
	"expect-server-name": {wants: true, set: func(c *config, v string) error {
		c.expectServerName = expectation{set: true, text: v}
		return nil
	}},
	"expect-no-server-name":           yes(func(c *config) *bool { return &c.expectServerName.set }),
	"expect-curve-id":                 number(func(c *config) *iana.Group { return &c.expectCurve }),
	"expect-peer-signature-algorithm": number(func(c *config) *iana.SignatureScheme { return &c.expectScheme }),
	"expect-cipher":                   number(func(c *config) *iana.Suite { return &c.expectSuite }),
	"expect-cipher-aes":               number(func(c *config) *iana.Suite { return &c.expectAES }),
	"expect-cipher-no-aes":            {wants: true, set: func(*config, string) error { return nil }},
	"expect-hrr":                      yes(func(c *config) *bool { return &c.expectRetry }),
	"expect-no-hrr":                   yes(func(c *config) *bool { return &c.expectNoRetry }),
	"expect-session-miss":             yes(func(c *config) *bool { return &c.expectMiss }),
	"expect-no-session":               yes(func(c *config) *bool { return &c.expectNoSession }),
	"expect-session-id":               yes(func(c *config) *bool { return &c.expectSessionID }),
	"expect-no-session-id":            yes(func(c *config) *bool { return &c.expectNoSessionID }),
	"expect-ticket-renewal":           yes(func(c *config) *bool { return &c.expectRenewal }),
	"expect-extended-master-secret":   yes(func(c *config) *bool { return &c.expectEMS }),
	"expect-no-peer-cert":             yes(func(c *config) *bool { return &c.expectNoPeerCert }),
	"expect-msg-callback":             text(func(c *config) *string { return &c.expectMessages }),
	"expect-peer-cert-file":           text(func(c *config) *string { return &c.expectPeerCert }),
}

// versions gives the versions that are allowed, the newest first. The runner
// takes TLS 1.0 for the oldest unless it says otherwise.
func (c *config) versions() (list []iana.Version) {
	lowest := c.minVersion
	if lowest == 0 {
		lowest = iana.TLS10
	}
	for _, v := range []struct {
		v   iana.Version
		off bool
	}{{iana.TLS13, c.no13}, {iana.TLS12, c.no12}, {iana.TLS11, c.no11}, {iana.TLS10, c.no10}} {
		if !v.off && v.v >= lowest && (c.maxVersion == 0 || v.v <= c.maxVersion) {
			list = append(list, v.v)
		}
	}
	return list
}
