package lexicon

const (
	ofNginx    = "nginx"
	ofApache   = "Apache (mod_ssl)"
	ofHAProxy  = "HAProxy"
	ofEnvoy    = "Envoy, Istio"
	ofDatabase = "PostgreSQL, MySQL, MariaDB, MongoDB, SQL Server and their clients"
	ofMail     = "Postfix, Dovecot and other mail servers"
	ofOpenVPN  = "OpenVPN"
	ofWget     = "wget, git"
	ofLDAP     = "OpenLDAP"
	ofKafka    = "Kafka"
)

// serviceTexts are of servers, and of the programs that talk to them.
var serviceTexts = []phrase{
	said(ofNginx, "peer closed connection in SSL handshake", "The peer closed the connection in the handshake. \"To upstream\": the server behind.", []string{"closed-after-hello", "client-gave-up", "no-server-name"}, "proxy_ssl_server_name on; when the server behind wants the name", "peer closed connection in ssl handshake"),
	said(ofNginx, "upstream SSL certificate does not match", "The certificate of the server behind is not for the name in proxy_ssl_name.", []string{"name-mismatch"}, "proxy_ssl_name, proxy_ssl_server_name", "upstream ssl certificate does not match"),
	said(ofNginx, "client SSL certificate verify error", "The client's certificate did not verify; the words after it say which check.", []string{"client-certificate-untrusted", "client-certificate-expired", "client-certificate-refused"}, findClients, "client ssl certificate verify error"),
	said(ofNginx, "no \"ssl_certificate\" is defined, cannot load certificate", "The server has no certificate that it can read.", []string{"server-certificate-unavailable", "server-configuration", "connection-refused"}, "nginx -t", "no \"ssl_certificate\" is defined", "cannot load certificate", "cannot load certificate key"),
	said(ofNginx, "OCSP responder timed out, ssl_stapling ignored", "The server cannot fetch the OCSP response that it is to staple.", []string{"revocation-unknown", "staple-refused", "missing-intermediate"}, "resolver, ssl_trusted_certificate", "ocsp responder timed out", "\"ssl_stapling\" ignored", "ocsp responder prematurely closed"),
	said(ofApache, "AH02031, AH02032, AH02033: SNI and Host differ", "The name of the handshake and that of the request are not of the same site (421).", []string{"no-server-name", "unrecognized-name"}, "the same TLS settings for both sites; clients and proxies that send server_name", "ah02031", "ah02032", "ah02033"),
	said(ofApache, "AH01909, AH01906: the server's own certificate", "A warning at the start: the site's certificate is not for its name, or is that of an authority.", []string{"name-mismatch", "chain-order"}, "ServerName and SSLCertificateFile", "ah01909", "ah01906"),
	said(ofApache, "AH02572, AH02240, AH02577: no certificate", "A site with SSLEngine on has no certificate, or its key cannot be read.", []string{"server-certificate-unavailable", "connection-refused"}, "apachectl configtest", "ah02572", "ah02240", "ah02577", "ah02312"),
	said(ofApache, "AH02565: certificate and private key do not match", "Certificate and key do not belong together.", []string{"key-unusable", "connection-refused"}, "", "ah02565", "ah02238"),
	general(said(ofApache, "AH02008, AH02003: error in the handshake", "The handshake failed; the line with the number that follows (AH01998, or an error of OpenSSL) says how.", []string{"no-common-version", "client-gave-up", "client-certificate-refused"}, "the next line of the log", "ah02008", "ah02003", "ah02004")),
	said(ofApache, "AH02039: Certificate Verification", "A client's certificate did not verify; the words after it say which check.", []string{"client-certificate-untrusted", "client-certificate-expired", "missing-intermediate"}, findClients, "ah02039"),
	said(ofApache, "AH02261, AH02225: re-negotiation failed", "A page wants a client's certificate, and the handshake for it failed: browsers do none in TLS 1.3 and HTTP/2.", []string{"renegotiation-refused", "client-certificate-missing"}, "SSLVerifyClient for the whole site", "ah02261", "ah02225", "ah10158"),
	said(ofApache, "AH02411: SSL Proxy: peer certificate does not match", "The certificate of the server behind is not for its name.", []string{"name-mismatch"}, "ProxyPreserveHost, SSLProxyCheckPeerName", "ah02411", "ah02005"),
	said(ofApache, "AH00898: error during SSL handshake with remote server", "The handshake with the server behind failed.", []string{"issuer-not-trusted", "name-mismatch", "certificate-expired", "no-common-version"}, "LogLevel proxy:debug ssl:debug", "ah00898"),
	said(ofApache, "AH01998, AH01991: the connection ended", "The client went away, or the connection was lost. Not a failure by itself.", []string{"client-gave-up", "connection-broken"}, "", "ah01998", "ah01991", "ah01996", "ah02001"),
	general(said(ofHAProxy, "SSL handshake failure", "The handshake failed, and the short form of the log does not say why. In a health check: with the server behind.", []string{"no-common-version", "no-common-suite", "certificate-refused", "issuer-not-trusted"}, "log-format with %[ssl_fc_err_str]; handsel connect HOST", "ssl handshake failure")),
	said(ofHAProxy, "Connection closed during SSL handshake", "The client closed the connection in the handshake: a probe, or one that does not take the certificate.", []string{"closed-after-hello", "client-gave-up", "port-probe"}, "", "connection closed during ssl handshake", "connection error during ssl handshake"),
	said(ofHAProxy, "Timeout during SSL handshake", "The client did not go on in time.", []string{"client-silent", "too-slow", "port-probe"}, "timeout client", "timeout during ssl handshake"),
	said(ofHAProxy, "SSL client certificate not trusted", "The client's certificate did not verify.", []string{"client-certificate-untrusted", "client-certificate-refused", "client-certificate-expired"}, findClients, "ssl client certificate not trusted", "ssl client ca chain cannot be verified"),
	said(ofEnvoy, "verify SAN list", "The peer's certificate verifies, and none of its names is among those expected.", []string{"name-mismatch", "client-certificate-refused"}, "match_typed_subject_alt_names, or subjectAltNames of the DestinationRule", "verify san list"),
	said("a CDN before the server", "525 SSL handshake failed", "The handshake between the CDN and the server behind it failed.", []string{"no-common-suite", "no-common-version", "unrecognized-name", "server-configuration"}, "handsel connect ORIGIN --sni NAME", "error 525", "http 525", "525 ssl handshake failed"),
	said("a CDN before the server", "526 Invalid SSL certificate", "The certificate of the server behind the CDN did not verify.", []string{"issuer-not-trusted", "certificate-expired", "name-mismatch", "self-signed"}, "handsel connect ORIGIN --sni NAME", "error 526", "http/1.1 526", "http 526", "526 invalid ssl certificate"),
	said("IIS, nginx", "HTTP 495, 496", "The client's certificate did not verify (495), or there is none (496).", []string{"client-certificate-untrusted", "client-certificate-missing"}, findClients, "http 495", "http 496", "http/1.1 495", "http/1.1 496"),
	said("IIS", "403.13, 403.12", "The client's certificate was revoked or that could not be checked (403.13), or is mapped to no account (403.12).", []string{"client-certificate-refused", "revocation-unknown"}, findClients, "403.13", "403.12"),

	said(ofDatabase, "server does not support SSL", "The server answered the request for TLS with no: it is not switched on there, or a proxy stands before it.", []string{"starttls-refused"}, "SHOW ssl; in PostgreSQL, SHOW VARIABLES LIKE '%ssl%'; in MySQL", "server does not support ssl", "the server doesn't support it", "does not support secure connection", "received invalid response to ssl negotiation"),
	said(ofDatabase, "the server wants TLS", "The server lets nobody in without TLS, and this connection has none.", []string{"server-policy"}, "sslmode=require, --ssl-mode=REQUIRED", ", no encryption", "insecure transport are prohibited", ", ssl off"),
	said(ofDatabase, "connection requires a valid client certificate", "The server wants a certificate of the client, and there came none that it accepts.", []string{"client-certificate-missing", "client-certificate-refused"}, findClients, "requires a valid client certificate", "no ssl certificate provided by peer"),
	said(ofDatabase, "root certificate file does not exist", "The client has no file with the authorities that it is to trust.", []string{"client-failed", "issuer-not-trusted"}, "sslrootcert=FILE, or sslrootcert=system", "root certificate file"),
	said(ofDatabase, "private key file has group or world access", "The key can be read by others, and is not used.", []string{"key-unusable"}, "chmod 600", "has group or world access"),
	said(ofDatabase, "the certificate does not match the host name", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "does not match host name", "does not match the host name", "does not match san"),
	said(ofDatabase, "could not accept SSL connection: EOF detected", "The client closed the connection in the handshake.", []string{"client-gave-up", "port-probe", "client-refused"}, "the client's log", "could not accept ssl connection: eof"),
	said(ofDatabase, "SSL connection error: protocol version mismatch", "No version in common.", []string{"no-common-version"}, "tls_version, ssl_min_protocol_version", "protocol version mismatch"),
	general(said(ofDatabase, "SSL peer certificate validation failed", "The certificate did not verify; the words after it say which check.", []string{"issuer-not-trusted", "client-certificate-untrusted", "certificate-expired"}, findChain, "ssl peer certificate validation failed")),
	general(said(ofKafka, "SSL handshake failed", "The handshake failed, and these words do not say why: mostly a certificate that one of the two does not take.", []string{"issuer-not-trusted", "name-mismatch", "client-certificate-missing"}, "-Djavax.net.debug=ssl:handshake; handsel connect HOST:PORT", "sslauthenticationexception", "failed authentication with")),
	said(ofKafka, "connecting to a PLAINTEXT broker listener?", "The port speaks no TLS.", []string{"server-speaks-no-tls"}, "the port of the SSL or SASL_SSL listener", "connecting to a plaintext broker listener"),

	said(ofMail, "TLS is required, but was not offered", "The server does not offer STARTTLS, or a device between has taken the offer out.", []string{"starttls-refused"}, "openssl s_client -starttls smtp -connect HOST:25", "tls is required, but was not offered", "starttls is required", "did not offer starttls", "host does not support starttls"),
	said(ofMail, "TLS not available due to local problem", "The server cannot do TLS just now: certificate or key cannot be read.", []string{"server-certificate-unavailable", "key-unusable", "starttls-refused"}, "the server's log", "tls not available"),
	said(ofMail, "Must issue a STARTTLS command first", "The server goes on only after STARTTLS.", []string{"server-policy"}, "", "must issue a starttls command first"),
	said(ofMail, "lost connection after STARTTLS", "The client went away in the handshake: it does not take the certificate, or found nothing in common.", []string{"client-gave-up", "certificate-refused", "port-probe"}, "smtpd_tls_loglevel = 1", "lost connection after starttls"),
	general(said(ofMail, "Cannot start TLS, SSL_connect error", "The handshake failed; the line beside it has OpenSSL's reason.", []string{"no-common-version", "no-common-suite", "server-closed"}, "smtp_tls_loglevel = 1; handsel connect HOST:25 --starttls smtp", "cannot start tls", "ssl_connect error to", "ssl_accept error from")),
	general(said(ofMail, "Server certificate not verified, untrusted issuer", "The server's certificate did not verify.", []string{"issuer-not-trusted", "name-mismatch", "self-signed"}, "smtp_tls_CAfile; most mail servers have certificates that nobody checks", "server certificate not verified", "untrusted issuer")),

	said(ofLDAP, "hostname does not match common name in certificate", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "does not match common name in certificate"),
	said(ofLDAP, "peer cert untrusted or revoked", "The server's certificate did not verify.", []string{"issuer-not-trusted", "certificate-revoked", "certificate-expired"}, "TLS_CACERT in ldap.conf", "peer cert untrusted or revoked"),
	said(ofLDAP, "Confidentiality required (13)", "The server goes on only under TLS.", []string{"server-policy"}, "ldapsearch -ZZ, or ldaps://", "confidentiality required"),

	said(ofOpenVPN, "TLS key negotiation failed to occur within 60 seconds", "No answer to the first packets: a firewall, the wrong address or port, or a tls-auth key that the server does not know.", []string{"hello-lost", "connection-unanswered", "psk-wrong"}, "the other side's log; tcpdump of the port", "tls key negotiation failed to occur"),
	said(ofOpenVPN, "cannot locate HMAC in incoming packet, packet HMAC authentication failed", "The key of tls-auth or tls-crypt is not the same on both sides, or one of them has none.", []string{"psk-wrong", "psk-unknown"}, "compare ta.key and key-direction", "cannot locate hmac in incoming packet", "hmac authentication failed", "tls-crypt unwrap error"),
	said(ofOpenVPN, "VERIFY KU ERROR, VERIFY EKU ERROR", "The peer's certificate is not for this purpose (remote-cert-tls).", []string{"wrong-purpose"}, "openssl x509 -in cert.pem -noout -ext keyUsage,extendedKeyUsage", "verify ku error", "verify eku error"),
	said(ofOpenVPN, "VERIFY X509NAME ERROR", "The peer's certificate is not for the name in verify-x509-name.", []string{"name-mismatch"}, "", "verify x509name error"),
	general(said(ofOpenVPN, "TLS Error: TLS handshake failed", "The handshake failed; the lines before it say how.", []string{"hello-lost", "issuer-not-trusted", "certificate-expired"}, "verb 4", "tls error: tls handshake failed")),

	said("stunnel", "Peer suddenly disconnected", "The peer closed the connection in the handshake.", []string{"closed-after-hello", "client-gave-up"}, "", "peer suddenly disconnected"),
	said(ofWget, "cannot verify the certificate", "The server's certificate did not verify.", []string{"issuer-not-trusted", "missing-intermediate", "self-signed"}, findChain, "unable to locally verify the issuer's authority", "server certificate verification failed"),
	said(ofWget, "the certificate is not for the requested host", "The certificate is not for the name.", []string{"name-mismatch"}, findChain, "doesn't match requested host name", "matches requested host name"),
	general(said(ofWget, "Unable to establish SSL connection", "The handshake failed; the line before it may say how.", []string{"server-speaks-no-tls", "no-common-version", "no-common-suite"}, "handsel connect HOST", "unable to establish ssl connection")),
}
