package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/engine"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
)

// describe gives what the runner looks for in an error, a token between colons,
// and the error in words.
func describe(err error) string {
	var alert engine.PeerAlert
	if errors.Is(err, fault.PeerAlert) && errors.As(err, &alert) {
		return fmt.Sprintf(":%s: %v", alertToken(iana.Alert(alert)), err)
	}
	if errors.Is(err, fault.BadRecordMAC) { // BoringSSL has two tokens for it, of which tests look for one or the other
		return fmt.Sprintf(":%s: :BAD_DECRYPT: %v", fault.BadRecordMAC.Token(), err)
	}
	if code, ok := fault.Of(err); ok {
		return fmt.Sprintf(":%s: %v", code.Token(), err)
	}
	return err.Error()
}

// ssl3 are the alerts that SSL 3.0 had: the token says since when there is one.
var ssl3 = []iana.Alert{
	iana.AlertCloseNotify, iana.AlertUnexpectedMessage, iana.AlertBadRecordMAC, 30, iana.AlertHandshakeFailure, 41,
	iana.AlertBadCertificate, iana.AlertUnsupportedCertificate, iana.AlertCertificateRevoked,
	iana.AlertCertificateExpired, iana.AlertCertificateUnknown, iana.AlertIllegalParameter,
}

// alertToken names an alert of the peer.
func alertToken(a iana.Alert) string {
	name := strings.ToUpper(a.String())
	for _, old := range ssl3 {
		if a == old {
			return "SSLV3_ALERT_" + name
		}
	}
	if a >= iana.AlertUnsupportedExtension {
		return "TLSV1_" + name
	}
	return "TLSV1_ALERT_" + name
}
