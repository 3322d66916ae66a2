package lexicon

const (
	ofRustls  = "rustls"
	ofMbedTLS = "mbedTLS"
	ofWolfSSL = "wolfSSL"
	ofS2N     = "s2n, and AWS's libraries on it"
	ofApple   = "Safari, and what uses Apple's systems"
)

// stackTexts are of the smaller libraries, and of Apple's.
var stackTexts = []phrase{
	said(ofRustls, "invalid peer certificate: UnknownIssuer", "The issuer is not trusted here, or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "invalid peer certificate: unknownissuer"),
	said(ofRustls, "invalid peer certificate: Expired", "A certificate has expired, or the clock here is ahead.", []string{"certificate-expired", "client-clock"}, findChain, "invalid peer certificate: expired", "invalid peer certificate: certificate expired"),
	said(ofRustls, "invalid peer certificate: NotValidYet", "A certificate is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "invalid peer certificate: notvalidyet", "invalid peer certificate: certificate not valid yet"),
	said(ofRustls, "invalid peer certificate: NotValidForName", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "invalid peer certificate: notvalidforname", "certificate not valid for name", "certnotvalidforname"),
	said(ofRustls, "invalid peer certificate: BadSignature", "A signature does not verify: of a certificate, or of the handshake.", []string{"certificate-altered", "proof-wrong"}, findChain, "invalid peer certificate: badsignature"),
	said(ofRustls, "invalid peer certificate: InvalidPurpose", "The certificate is not for this purpose.", []string{"wrong-purpose"}, findChain, "invalid peer certificate: invalidpurpose"),
	said(ofRustls, "invalid peer certificate: Revoked", "The certificate was revoked.", []string{"certificate-revoked"}, findChain, "invalid peer certificate: revoked"),
	said(ofRustls, "CaUsedAsEndEntity", "The first certificate is that of an authority: the chain is in the wrong order, or an authority's own certificate is used for a site.", []string{"chain-order", "self-signed"}, findChain, "causedasendentity"),
	general(said(ofRustls, "invalid peer certificate", "The certificate of the peer did not verify; the word after it says which check.", []string{"certificate-refused", "issuer-not-trusted", "certificate-unreadable"}, findChain, "invalid peer certificate")),
	said(ofRustls, "received corrupt message", "What came cannot be read as TLS. InvalidContentType: the peer speaks something else, such as plain HTTP.", []string{"server-speaks-no-tls", "client-speaks-no-tls", "malformed-message"}, "", "received corrupt message", "invalidcontenttype"),
	said(ofRustls, "peer is incompatible: NoCipherSuitesInCommon", "No cipher suite in common.", []string{"no-common-suite", "no-suite-for-certificate"}, findHello, "nociphersuitesincommon"),
	said(ofRustls, "peer is incompatible: a version", "No version in common: rustls speaks TLS 1.2 and 1.3 only.", []string{"no-common-version"}, findHello, "tls12notoffered", "tls13requiredfor", "servertlsversionisdisabled", "supportedversionsextensionrequired", "tls12notofferedorenabled", "serverdoesnotsupporttls12or13"),
	said(ofRustls, "peer is incompatible: NoKxGroupsInCommon", "No group of the key exchange in common.", []string{"no-common-group"}, findHello, "nokxgroupsincommon", "namedgroupsextensionrequired"),
	said(ofRustls, "peer is incompatible: NoSignatureSchemesInCommon", "No signature scheme in common.", []string{"no-common-scheme"}, findHello, "nosignatureschemesincommon", "nocertificaterequestsignatureschemesincommon"),
	general(said(ofRustls, "peer is incompatible", "Something that is needed is not on offer; the word after it says what.", []string{"no-common-version", "no-common-suite", "extended-master-secret"}, findHello, "peer is incompatible")),
	said(ofRustls, "peer misbehaved", "The peer has sent what the protocol does not allow; the word after it says what.", []string{"malformed-message"}, "a capture shows the message: handsel trace -v FILE", "peer misbehaved"),
	said(ofRustls, "peer sent no certificates", "The peer was to show a certificate, and there came none.", []string{"client-certificate-missing"}, findClients, "peer sent no certificates", "nocertificatespresented"),
	said(ofRustls, "peer doesn't support any known protocol", "No application protocol (ALPN) in common.", []string{"no-common-alpn"}, "", "peer doesn't support any known protocol", "noapplicationprotocol"),
	said(ofRustls, "tls handshake eof", "The peer closed the connection in the handshake.", []string{"closed-after-hello", "server-closed", "client-gave-up"}, "", "tls handshake eof"),
	said(ofRustls, "peer closed connection without sending TLS close_notify", "The connection ended without close_notify: what came may be cut off, or the peer never sends one.", []string{"server-closed"}, "", "without sending tls close_notify"),
	said(ofRustls, "cannot decrypt peer's message", "A record could not be decrypted.", []string{"record-altered"}, "", "cannot decrypt peer's message"),
	said(ofRustls, "no server certificate chain resolved", "The server has no certificate for the name, or none that goes with what the client offers.", []string{"server-certificate-unavailable", "unrecognized-name", "no-server-name"}, "", "no server certificate chain resolved"),

	said(ofMbedTLS, "X509 - Certificate verification failed", "The certificate did not verify; the flags of the check say why.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired"}, findChain, "x509 - certificate verification failed", "mbedtls_err_x509_cert_verify_failed"),
	said(ofMbedTLS, "BADCERT_NOT_TRUSTED", "The issuer is not trusted here, or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "badcert_not_trusted", "not correctly signed by the trusted ca"),
	said(ofMbedTLS, "BADCERT_CN_MISMATCH", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "badcert_cn_mismatch", "certificate common name (cn) does not match"),
	said(ofMbedTLS, "BADCERT_EXPIRED", "The certificate has expired, or the clock here is wrong: devices start without the time.", []string{"certificate-expired", "client-clock"}, findChain, "badcert_expired", "certificate validity has expired"),
	said(ofMbedTLS, "BADCERT_FUTURE", "The certificate is not valid yet, or the clock here is behind: devices start without the time.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "badcert_future", "certificate validity starts in the future"),
	said(ofMbedTLS, "SSL - The server has no ciphersuites in common with the client", "No cipher suite in common.", []string{"no-common-suite", "no-suite-for-certificate"}, findHello, "no ciphersuites in common with the client", "mbedtls_err_ssl_no_cipher_chosen"),
	said(ofMbedTLS, "SSL - An invalid SSL record was received", "What came is no TLS: the peer speaks something else; or a record is too long for this side's buffer.", []string{"server-speaks-no-tls", "malformed-message"}, "", "an invalid ssl record was received", "mbedtls_err_ssl_invalid_record"),
	said(ofMbedTLS, "SSL - The connection indicated an EOF", "The peer closed the connection.", []string{"closed-after-hello", "server-closed"}, "", "the connection indicated an eof", "mbedtls_err_ssl_conn_eof"),
	said(ofMbedTLS, "NET - Connection was reset by peer", "The connection was reset.", []string{"reset-after-hello"}, "", "mbedtls_err_net_conn_reset"),
	said(ofMbedTLS, "NET - The connection to the given server failed", "There is no TCP connection.", []string{"connection-refused", "connection-unanswered"}, "", "mbedtls_err_net_connect_failed"),
	said(ofMbedTLS, "SSL - Handshake protocol not within min/max boundaries", "No version in common.", []string{"no-common-version"}, findHello, "protocol not within min/max boundaries", "mbedtls_err_ssl_bad_protocol_version"),
	said(ofMbedTLS, "SSL - A fatal alert message was received from our peer", "The peer has sent a fatal alert, and this text does not say which.", []string{"alert"}, "raise the debug level of mbedTLS, or make a capture: handsel trace -v FILE", "a fatal alert message was received from our peer", "mbedtls_err_ssl_fatal_alert_message"),
	said(ofMbedTLS, "SSL - Verification of the message MAC failed", "A record could not be decrypted.", []string{"record-altered"}, "", "verification of the message mac failed", "mbedtls_err_ssl_invalid_mac"),
	said(ofMbedTLS, "SSL - The peer notified us that the connection is going to be closed", "Not an error by itself: the peer has sent close_notify.", []string{"server-closed"}, "", "mbedtls_err_ssl_peer_close_notify", "peer notified us that the connection is going to be closed"),

	said(ofWolfSSL, "ASN no signer error", "The issuer is not trusted here, or an intermediate certificate is missing.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "asn no signer error", "ca signer not available for verification"),
	said(ofWolfSSL, "ASN sig error", "The signature of a certificate does not verify.", []string{"certificate-altered", "missing-intermediate"}, findChain, "asn sig error"),
	said(ofWolfSSL, "ASN date error, current date after", "A certificate has expired, or the clock here is ahead.", []string{"certificate-expired", "client-clock"}, findChain, "asn date error, current date after"),
	said(ofWolfSSL, "ASN date error, current date before", "A certificate is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "asn date error, current date before"),
	said(ofWolfSSL, "received alert fatal error", "The peer has sent a fatal alert, and this text does not say which.", []string{"alert"}, "wolfSSL_get_alert_history, or a capture: handsel trace -v FILE", "received alert fatal error"),
	said(ofWolfSSL, "peer subject name mismatch", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "peer subject name mismatch", "peer ip address mismatch"),
	said(ofWolfSSL, "can't match cipher suite", "No cipher suite in common.", []string{"no-common-suite", "no-suite-for-certificate"}, findHello, "can't match cipher suite"),
	said(ofWolfSSL, "record layer version error", "What came is no TLS, or is of a version that is not allowed here.", []string{"server-speaks-no-tls", "client-speaks-no-tls", "no-common-version"}, "", "record layer version error"),

	said(ofS2N, "Certificate is untrusted", "The certificate did not verify: the issuer, the dates or the name.", []string{"issuer-not-trusted", "missing-intermediate", "name-mismatch"}, findChain, "certificate is untrusted", "s2n_err_cert_untrusted"),
	said(ofS2N, "S2N_ERR_CIPHER_NOT_SUPPORTED", "No cipher suite in common.", []string{"no-common-suite"}, findHello, "s2n_err_cipher_not_supported"),
	said(ofS2N, "S2N_ERR_PROTOCOL_VERSION_UNSUPPORTED", "No version in common.", []string{"no-common-version"}, findHello, "s2n_err_protocol_version_unsupported"),
	said(ofS2N, "S2N_ERR_BAD_MESSAGE", "A message cannot be read, or does not belong there; or what came is no TLS.", []string{"malformed-message", "server-speaks-no-tls"}, "", "s2n_err_bad_message"),
	general(said(ofS2N, "AWS_IO_TLS_ERROR_NEGOTIATION_FAILURE", "The handshake failed; the line of the log before it has the reason.", []string{"issuer-not-trusted", "no-common-version", "client-certificate-refused"}, "", "aws_io_tls_error_negotiation_failure")),

	general(said(ofApple, "NSURLErrorSecureConnectionFailed (-1200)", "The handshake failed. The error within it, from -9800 to -9899, says more; App Transport Security refuses old versions and weak suites and keys as well.", []string{"no-common-version", "no-common-suite", "reset-after-hello", "closed-after-hello"}, "nscurl --ats-diagnostics https://HOST", "nsurlerrorsecureconnectionfailed", "an ssl error has occurred and a secure connection", "can't establish a secure connection")),
	said(ofApple, "NSURLErrorServerCertificateHasBadDate (-1201)", "The certificate has expired, is not valid yet, or the clock is wrong.", []string{"certificate-expired", "certificate-not-yet-valid", "client-clock"}, findChain, "nsurlerrorservercertificatehasbaddate"),
	said(ofApple, "NSURLErrorServerCertificateUntrusted (-1202)", "The server's certificate did not verify: its issuer, its name, or Apple's own rules (validity, key, public log).", []string{"issuer-not-trusted", "name-mismatch", "missing-intermediate", "certificate-refused"}, findChain, "nsurlerrorservercertificateuntrusted", "you might be connecting to a server that is pretending to be"),
	said(ofApple, "NSURLErrorServerCertificateHasUnknownRoot (-1203)", "The chain ends at a root that is not trusted here.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "nsurlerrorservercertificatehasunknownroot"),
	said(ofApple, "NSURLErrorServerCertificateNotYetValid (-1204)", "The certificate is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "nsurlerrorservercertificatenotyetvalid"),
	said(ofApple, "NSURLErrorClientCertificateRejected (-1205)", "The server refuses the client's certificate.", []string{"client-certificate-refused", "client-certificate-untrusted", "client-certificate-expired"}, findClients, "nsurlerrorclientcertificaterejected"),
	said(ofApple, "NSURLErrorClientCertificateRequired (-1206)", "The server wants a certificate of the client, and there came none.", []string{"client-certificate-missing"}, findClients, "nsurlerrorclientcertificaterequired"),
	said(ofApple, "errSSLClosedAbort (-9806), errSSLClosedNoNotify (-9816)", "The server closed the connection without a word, or reset it.", []string{"closed-after-hello", "reset-after-hello", "server-closed"}, "", "errsslclosedabort", "errsslclosednonotify", "errsslclosedgraceful"),
	said(ofApple, "errSSLXCertChainInvalid (-9807)", "The chain did not verify.", []string{"issuer-not-trusted", "missing-intermediate", "name-mismatch", "certificate-expired"}, findChain, "errsslxcertchaininvalid", "errsslbadcert"),
	said(ofApple, "errSSLUnknownRootCert (-9812), errSSLNoRootCert (-9813)", "The chain ends at a root that is not trusted here, or at none.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "errsslunknownrootcert", "errsslnorootcert"),
	said(ofApple, "errSSLCertExpired (-9814)", "A certificate of the chain has expired, or the clock here is ahead.", []string{"certificate-expired", "client-clock"}, findChain, "errsslcertexpired"),
	said(ofApple, "errSSLCertNotYetValid (-9815)", "A certificate of the chain is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "errsslcertnotyetvalid"),
	said(ofApple, "errSSLPeerHandshakeFail (-9824)", "The peer has sent handshake_failure: it could not agree to anything that was offered.", []string{"no-common-suite", "no-suite-for-certificate", "no-common-group", "client-certificate-missing"}, findHello, "errsslpeerhandshakefail"),
	said(ofApple, "errSSLPeerProtocolVersion (-9836), errSSLNegotiation (-9801)", "No version or cipher suite in common.", []string{"no-common-version", "no-common-suite"}, findHello, "errsslpeerprotocolversion", "errsslnegotiation"),
	said(ofApple, "errSSLHostNameMismatch (-9843)", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "errsslhostnamemismatch"),
	said(ofApple, "errSSLPeerBadCert (-9825), errSSLPeerUnknownCA (-9831)", "The peer does not take this side's certificate.", []string{"client-certificate-untrusted", "client-certificate-refused"}, findClients, "errsslpeerbadcert", "errsslpeerunknownca"),
	said(ofApple, "errSSLRecordOverflow (-9847), errSSLProtocol (-9800)", "What came is not as it should be; often it is no TLS at all.", []string{"server-speaks-no-tls", "malformed-message"}, "", "errsslrecordoverflow", "errsslprotocol"),
	said(ofApple, "errSSLBadRecordMac (-9846)", "A record could not be decrypted.", []string{"record-altered"}, "", "errsslbadrecordmac", "errssldecryptionfail"),
	general(said(ofApple, "errSSLFatalAlert (-9802)", "The handshake was ended with an alert, which this number does not name; often this side's own, at a certificate that did not verify.", []string{"issuer-not-trusted", "alert"}, "nscurl --ats-diagnostics https://HOST", "errsslfatalalert")),
}
