package lexicon

// furtherTexts are those that say in other words what the others do, or that are seen
// less often.
var furtherTexts = []phrase{
	// curl
	said(ofCurl, "SSL_ERROR_SYSCALL", "The connection ended in the handshake without an alert: it was closed, or reset, right after the ClientHello, mostly.", []string{"closed-after-hello", "reset-after-hello", "connection-broken"}, "handsel trace -v FILE shows who ended it", "ssl_error_syscall"),
	said(ofCurl, "curl: (28) timed out", "There was no answer within the time limit: none to the SYN, or none to the ClientHello.", []string{"server-silent", "connection-unanswered", "hello-lost"}, "", "curl: (28)", "connection timed out after", "ssl connection timeout"),
	said(ofCurl, "curl: (90) public key does not match", "The key of the server's certificate is not the one that this client was told to expect (pinning).", []string{"certificate-refused"}, "", "does not match pinned public key", "curl: (90)"),
	said(ofCurl, "curl: (91) invalid OCSP status", "The client wants an OCSP response to be stapled, and there came none that is in order.", []string{"staple-refused"}, "", "curl: (91)"),
	said(ofCurl, "CONNECT tunnel failed", "The proxy refused to connect this client with the server.", []string{"proxy-refused"}, "407: a name and a password for the proxy; 403: it does not allow the host; 502 to 504: it does not reach the server", "connect tunnel failed", "from proxy after connect", "proxy connect aborted", "tunneling socket could not be established", "unable to tunnel through proxy", "err_tunnel_connection_failed", "err_proxy_connection_failed", "cannot connect to proxy", "ns_error_proxy_"),

	// the system
	said("the system, through any program", "connection reset", "The connection was reset.", []string{"reset-after-hello"}, "handsel trace -v FILE shows after which message", "connection reset", "econnreset", "wsaeconnreset", "10054", "ns_error_net_reset", "connectionreseterror"),
	said("the system, through any program", "connection refused", "Nothing listens on the port.", []string{"connection-refused"}, "", "connection refused", "econnrefused", "wsaeconnrefused", "10061", "pr_connect_refused_error", "ns_error_connection_refused", "actively refused it"),
	said("the system, through any program", "connection timed out", "The server did not answer: it is down, or packets are lost or dropped on the way.", []string{"connection-unanswered", "hello-lost", "server-silent"}, "", "i/o timeout", "etimedout", "wsaetimedout", "10060", "connection timed out", "operation timed out", "ns_error_net_timeout", "pr_connect_timeout_error", "pr_io_timeout_error"),
	said("the system, through any program", "broken pipe", "The peer had closed the connection when something was sent.", []string{"server-closed", "closed-after-hello"}, "", "broken pipe", "epipe"),

	// Go
	said(ofGo, "x509: ... is before", "A certificate is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, "check the clock", "z is before 2"),
	said(ofGo, "x509: unhandled critical extension", "A certificate has an extension that is marked critical and that Go does not know.", []string{"critical-extension"}, "", "x509: unhandled critical extension"),
	said(ofGo, "x509: too many intermediates for path length constraint", "An authority allows fewer others below it than there are.", []string{"constraints-violated"}, "", "too many intermediates for path length constraint", "parent certificate cannot sign this kind of certificate", "issuer has name constraints but leaf"),
	said(ofGo, "x509: the certificate cannot be parsed", "A certificate is not in the form that the standard demands.", []string{"certificate-unreadable"}, "openssl x509 -in cert.pem -noout -text", "x509: negative serial number", "x509: malformed", "x509: invalid", "x509: inner and outer signature", "asn1: structure error", "failed to parse certificate from server", "trailing data"),
	said(ofGo, "tls: invalid signature by the server certificate", "The signature over the handshake does not verify: the server has not the key of its certificate, or a device has altered the handshake.", []string{"proof-wrong"}, "", "invalid signature by the server certificate", "invalid signature by the client certificate"),
	said(ofGo, "tls: handshake message of length ... exceeds maximum", "A message, mostly Certificate, is longer than this side accepts.", []string{"malformed-message"}, "", "handshake message of length"),
	said(ofGo, "tls: unsupported certificate key", "The certificate has a key of a kind that Go does not use in TLS.", []string{"certificate-refused"}, "", "unsupported certificate key", "unsupported elliptic curve"),

	// Java
	said(ofJava, "CertificateNotYetValidException", "A certificate of the chain is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, "", "certificatenotyetvalidexception"),
	said(ofJava, "CertificateExpiredException", "A certificate of the chain has expired, or the clock here is ahead.", []string{"certificate-expired", "client-clock"}, "", "certificateexpiredexception"),
	said(ofJava, "Path does not chain with any of the trust anchors", "The chain ends at an authority that is not among those trusted here.", []string{"issuer-not-trusted", "missing-intermediate"}, findChain, "path does not chain with any of the trust anchors"),
	said(ofJava, "the trustAnchors parameter must be non-empty", "Java has found no store of authorities: cacerts is missing, is empty, or needs its password.", []string{"issuer-not-trusted"}, "-Djavax.net.ssl.trustStore=FILE", "trustanchors parameter must be non-empty"),
	said(ofJava, "Received close_notify during handshake", "The peer gave up in the middle of the handshake without giving a reason.", []string{"client-gave-up", "server-closed"}, "", "received close_notify during handshake", "received fatal close_notify"),
	said(ofJava, "plaintext connection", "What came is no TLS: the peer speaks something else.", []string{"server-speaks-no-tls", "client-speaks-no-tls", "http-to-tls-port"}, "", "plaintext connection?", "not an ssl/tls record"),

	// GnuTLS
	said(ofGnuTLS, "The certificate chain uses expired certificate", "A certificate of the chain has expired.", []string{"certificate-expired"}, findChain, "certificate chain uses expired certificate"),
	said(ofGnuTLS, "The certificate chain uses not yet valid certificate", "A certificate of the chain is not valid yet, or the clock here is behind.", []string{"certificate-not-yet-valid", "client-clock"}, findChain, "certificate chain uses not yet valid certificate"),
	said(ofGnuTLS, "The certificate requires the server to include an OCSP status", "The certificate says that an OCSP response comes with it (must-staple), and none came.", []string{"staple-refused"}, "", "requires the server to include an ocsp status"),
	said(ofGnuTLS, "The certificate chain is revoked", "A certificate of the chain was revoked.", []string{"certificate-revoked"}, "", "certificate chain is revoked"),
	said(ofGnuTLS, "The certificate chain violates the signer's constraints", "An authority of the chain may not issue this certificate.", []string{"constraints-violated"}, "", "violates the signer's constraints", "the certificate issuer is not a ca"),
	said(ofGnuTLS, "The certificate contains an unknown critical extension", "A certificate has an extension that is marked critical and that is not known here.", []string{"critical-extension"}, "", "contains an unknown critical extension"),
	said(ofGnuTLS, "The certificate chain uses insecure algorithm", "A certificate has a key or a signature that is too weak.", []string{"weak-certificate"}, "", "certificate chain uses insecure algorithm"),
	said(ofGnuTLS, "Key usage violation in certificate has been detected", "The certificate's keyUsage does not allow what its key is used for.", []string{"wrong-purpose"}, "", "key usage violation in certificate"),
	said(ofGnuTLS, "Error in the push function", "The peer closed or reset the connection.", []string{"closed-after-hello", "reset-after-hello"}, "", "error in the push function", "error in the pull function"),
	said(ofGnuTLS, "Certificate is required", "The server wants a certificate of the client, and there came none.", []string{"client-certificate-missing"}, findClients, "certificate is required"),

	// browsers
	said(ofChrome, "ERR_CERT_NAME_CONSTRAINT_VIOLATION", "The authority may not issue for this name.", []string{"constraints-violated"}, "", "err_cert_name_constraint_violation"),
	said(ofChrome, "ERR_SSL_PINNED_KEY_NOT_IN_CERT_CHAIN", "The key is not one of those that are pinned for the name.", []string{"certificate-refused"}, "", "err_ssl_pinned_key_not_in_cert_chain", "mozilla_pkix_error_key_pinning_failure"),
	said(ofChrome, "ERR_SSL_OBSOLETE_VERSION", "The server speaks TLS 1.0 or 1.1 only.", []string{"no-common-version"}, "", "err_ssl_obsolete_version", "err_ssl_weak_server_ephemeral_dh_key_and_version"),
	said(ofChrome, "ERR_SSL_SERVER_CERT_BAD_FORMAT", "The server's certificate cannot be parsed.", []string{"certificate-unreadable"}, "", "err_ssl_server_cert_bad_format"),
	said(ofChrome, "ERR_CERT_UNABLE_TO_CHECK_REVOCATION", "Whether the certificate was revoked could not be found out.", []string{"revocation-unknown"}, "", "err_cert_unable_to_check_revocation", "err_cert_no_revocation_mechanism"),
	said(ofChrome, "ERR_SSL_WEAK_SERVER_EPHEMERAL_DH_KEY", "The server's prime for DHE is too short.", []string{"weak-dh"}, "", "err_ssl_weak_server_ephemeral_dh_key", "ssl_error_weak_server_ephemeral_dh_key"),
	said(ofFirefox, "SSL_ERROR_BAD_MAC_READ", "A record could not be decrypted.", []string{"record-altered"}, "", "ssl_error_bad_mac_read"),
	said(ofFirefox, "SSL_ERROR_NEXT_PROTOCOL_NO_PROTOCOL", "No application protocol (ALPN) in common.", []string{"no-common-alpn"}, "", "ssl_error_next_protocol_no_protocol"),
	said(ofFirefox, "SSL_ERROR_NO_CERTIFICATE", "There is no certificate where one is needed.", []string{"server-certificate-unavailable", "client-certificate-missing"}, "", "ssl_error_no_certificate"),
	said(ofFirefox, "SSL_ERROR_UNSAFE_NEGOTIATION", "The peer does not know secure renegotiation (RFC 5746).", []string{"renegotiation-unsafe"}, "", "ssl_error_unsafe_negotiation"),
	said(ofFirefox, "SSL_ERROR_RENEGOTIATION_NOT_ALLOWED", "The peer wants another handshake on the connection, and this side does not.", []string{"renegotiation-refused"}, "", "ssl_error_renegotiation_not_allowed"),
	said(ofFirefox, "SEC_ERROR_CA_CERT_INVALID", "An authority of the chain may not issue this certificate.", []string{"constraints-violated"}, "", "sec_error_ca_cert_invalid", "sec_error_path_len_constraint_invalid", "sec_error_cert_not_in_name_space"),
	said(ofFirefox, "SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION", "A certificate has an extension that is marked critical and that is not known here.", []string{"critical-extension"}, "", "sec_error_unknown_critical_extension"),
	said(ofFirefox, "SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED", "The certificate's key or signature is too weak.", []string{"weak-certificate"}, "", "sec_error_cert_signature_algorithm_disabled", "mozilla_pkix_error_inadequate_key_size"),
	said(ofFirefox, "SEC_ERROR_UNSUPPORTED_KEYALG", "The certificate has a key of a kind that is not supported here.", []string{"certificate-refused"}, "", "sec_error_unsupported_keyalg", "sec_error_unsupported_elliptic_curve"),
	said(ofFirefox, "SEC_ERROR_OCSP_...", "Whether the certificate was revoked could not be found out.", []string{"revocation-unknown", "staple-refused"}, "", "sec_error_ocsp_"),
	said(ofFirefox, "SEC_ERROR_BAD_SIGNATURE", "A signature does not verify: of a certificate, or of the handshake.", []string{"certificate-altered", "proof-wrong"}, "", "sec_error_bad_signature"),
	said(ofFirefox, "SEC_ERROR_BAD_DER", "A certificate cannot be parsed.", []string{"certificate-unreadable"}, "", "sec_error_bad_der", "sec_error_reused_issuer_and_serial"),
	said(ofFirefox, "MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY", "The first certificate is that of an authority: the chain is in the wrong order, or an authority's own certificate is used for a site.", []string{"chain-order", "self-signed"}, "", "mozilla_pkix_error_ca_cert_used_as_end_entity", "mozilla_pkix_error_v1_cert_used_as_ca"),
	said(ofFirefox, "NS_ERROR_NET_INTERRUPT", "The server closed the connection without a word.", []string{"closed-after-hello", "server-closed"}, "", "ns_error_net_interrupt", "ns_error_net_partial_transfer"),
	said(ofFirefox, "NS_ERROR_NET_INADEQUATE_SECURITY", "The server chose for HTTP/2 what HTTP/2 does not allow: an old version, or a suite on its list of those that it forbids.", []string{"no-common-suite", "no-common-version"}, "", "ns_error_net_inadequate_security", "err_http2_inadequate_transport_security"),

	// Node.js
	said(ofNode, "EPROTO", "OpenSSL within Node.js has met an error; what follows the word says which. By itself it says only that the handshake failed.", []string{"no-common-version", "no-common-suite", "server-speaks-no-tls"}, "the rest of the message, or node --trace-tls", "eproto"),
	said(ofNode, "socket hang up", "The server closed the connection before it had answered.", []string{"closed-after-hello", "server-closed"}, "", "socket hang up"),

	// .NET, Windows
	said(ofDotNet, "UntrustedRoot", "The chain ends at a root that is not trusted here.", []string{"issuer-not-trusted", "self-signed"}, "", "untrustedroot"),
	said(ofDotNet, "PartialChain", "The chain cannot be put together: an intermediate certificate is missing, or the root is not there.", []string{"missing-intermediate", "issuer-not-trusted"}, "", "partialchain"),
	said(ofDotNet, "NotTimeValid", "A certificate of the chain has expired, or is not valid yet.", []string{"certificate-expired", "certificate-not-yet-valid", "client-clock"}, "", "nottimevalid"),
	said(ofDotNet, "RevocationStatusUnknown", "Whether the certificate was revoked could not be found out.", []string{"revocation-unknown"}, "", "revocationstatusunknown", "offlinerevocation"),
	said(ofDotNet, "rejected by the provided RemoteCertificateValidationCallback", "The server's certificate did not verify, and the program's own check did not let it pass.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired"}, findChain, "rejected by the provided remotecertificatevalidationcallback"),
	said(ofDotNet, "Received an unexpected EOF or 0 bytes from the transport stream", "The peer closed the connection in the handshake.", []string{"closed-after-hello", "server-closed"}, "", "unexpected eof or 0 bytes from the transport"),
	said(ofDotNet, "Cannot determine the frame size", "What came is no TLS: the peer speaks something else.", []string{"server-speaks-no-tls", "client-speaks-no-tls"}, "", "cannot determine the frame size", "unexpected packet format"),
	said(ofWindows, "The token supplied to the function is invalid", "What came is no TLS: the peer speaks something else, such as plain HTTP.", []string{"server-speaks-no-tls", "client-speaks-no-tls"}, "", "token supplied to the function is invalid"),
	said(ofWindows, "SSL Certificate add failed, Error: 1312", "HTTP.SYS cannot use the certificate: its private key is missing, or it is not in the store of the computer.", []string{"key-unusable"}, "import the certificate again with its key, into the store of the computer", "error: 1312", "error 1312", "a specified logon session does not exist. it may already have been terminated"),
	said(ofWindows, "ERROR_WINHTTP_SECURE_FAILURE (12175)", "The handshake failed, mostly at the server's certificate.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired", "no-common-version"}, "WINHTTP_CALLBACK_STATUS_SECURE_FAILURE says which check", "error_winhttp_secure_failure", "12175"),
	said("Windows, log System, source Schannel", "none of the cipher suites supported by the client application are supported by the server", "A client came none of whose cipher suites the server takes (event 36874).", []string{"no-common-suite", "no-suite-for-certificate"}, "compare the client's ClientHello with Get-TlsCipherSuite", "none of the cipher suites supported by the client application"),
	said("Windows, log System, source Schannel", "fatal error occurred while creating a TLS credential", "A credential for TLS could not be made (event 36871). With internal error state 10013, no protocol version is left.", []string{"no-common-version", "key-unusable"}, ".NET: SystemDefaultTlsVersions and SchUseStrongCrypto", "fatal error occurred while creating a"),
	said("Windows, log System, source Schannel", "attempting to access the TLS credential private key", "The private key of a credential could not be used (event 36870).", []string{"key-unusable"}, "certutil -repairstore my THUMBPRINT", "attempting to access the tls server credential private key", "attempting to access the ssl server credential private key", "attempting to access the tls client credential private key"),
}
