package explain

import "slices"

// ofOldClient are what can be done about versions if the client offers old ones,
// ofCurrentClient if it offers none.
var (
	ofOldClient = []Remedy{
		do(forClient, "enable TLS 1.2 and 1.3", "openssl", "openssl s_client -connect {server} -servername {host} -tls1_2", "java", "-Djdk.tls.client.protocols=TLSv1.2,TLSv1.3", "dotnet", "HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319: SystemDefaultTlsVersions=1, SchUseStrongCrypto=1", "windows", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Client: Enabled=1"),
		do(forServer, "only if the client cannot be changed, and for its name alone: allow the old version, which is weak", "handsel", "handsel bind set {host}:{port} --policy legacy", "nginx", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers DEFAULT:@SECLEVEL=0;"),
	}
	ofCurrentClient = []Remedy{
		do(forServer, "allow a version that the client offers", "handsel", "handsel bind set {host}:{port} --min-version 1.2 --max-version 1.3", "nginx", "ssl_protocols TLSv1.2 TLSv1.3;", "apache", "SSLProtocol -all +TLSv1.2 +TLSv1.3", "windows", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\\Protocols\\TLS 1.2\\Server: Enabled=1"),
		do(forClient, "offer the version that the server speaks as well; one below TLS 1.2 is weak, and for this server alone", "openssl", "openssl s_client -connect {server} -servername {host} -tls1_2", "handsel", "handsel connect {server} --sni {host} --min 1.2"),
	}
)

// aboutChoices are causes of sides that have nothing in common.
var aboutChoices = []entry{
	{"no-common-version", "The two have no protocol version in common.", slices.Concat(ofOldClient, ofCurrentClient)},
	{"no-common-suite", "The two have no cipher suite in common.", []Remedy{
		do(forClient, "offer suites with ECDHE and AES-GCM, or TLS 1.3", "openssl", "openssl s_client -connect {server} -servername {host} -cipher ECDHE+AESGCM", "java", "-Djdk.tls.client.cipherSuites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
		do(forServer, "allow a suite that the client offers", "handsel", "handsel bind set {host}:{port} --policy compatible", "nginx", "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES;", "iis", "Get-TlsCipherSuite | Format-Table Name; Enable-TlsCipherSuite NAME"),
	}},
	{"no-suite-for-certificate", "The client's suites do not go with the key of the server's certificate: it offers RSA only where the key is ECDSA, or the reverse.", []Remedy{
		do(forServer, "have a second certificate with a key of the other kind for the same name", "handsel", "handsel bind set {host}:{port} --cert ECDSA-THUMBPRINT --cert RSA-THUMBPRINT", "nginx", "ssl_certificate rsa.pem; ssl_certificate_key rsa.key; ssl_certificate ecdsa.pem; ssl_certificate_key ecdsa.key;"),
		do(forClient, "offer suites for both kinds of keys", "openssl", "openssl s_client -connect {server} -servername {host} -cipher aRSA:aECDSA"),
	}},
	{"no-common-group", "The two have no group of the key exchange in common.", []Remedy{
		do(forClient, "offer X25519 and P-256", "openssl", "openssl s_client -connect {server} -servername {host} -groups X25519:P-256", "curl", "curl --curves X25519:P-256 https://{host}{:port}/", "java", "-Djdk.tls.namedGroups=x25519,secp256r1"),
		do(forServer, "allow X25519 and P-256", "nginx", "ssl_ecdh_curve X25519:prime256v1:secp384r1;", "iis", "Enable-TlsEccCurve -Name curve25519; Enable-TlsEccCurve -Name NistP256"),
	}},
	{"no-common-scheme", "The server has no key that signs in a way that the client can verify.", []Remedy{
		do(forClient, "verify RSA-PSS and ECDSA with SHA-256", "openssl", "openssl s_client -connect {server} -servername {host} -sigalgs ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256", "java", "jdk.tls.disabledAlgorithms in java.security: RSASSA-PSS must not stand there"),
		do(forServer, "have a certificate with a key of another kind as well", "handsel", "handsel bind set {host}:{port} --cert ECDSA-THUMBPRINT --cert RSA-THUMBPRINT"),
	}},
	{"no-common-alpn", "The two have no application protocol in common.", []Remedy{
		do(forClient, "offer a protocol that the server speaks there, or none", "curl", "curl --http1.1 https://{host}{:port}/", "openssl", "openssl s_client -connect {server} -servername {host} -alpn http/1.1", "go", "NextProtos: []string{\"h2\", \"http/1.1\"}"),
		do(forServer, "allow the protocol, or ignore the extension", "nginx", "http2 on;", "haproxy", "bind :{port} ssl crt site.pem alpn h2,http/1.1"),
	}},
	{"no-common-certificate-form", "The two have no form of certificate in common: one shows a raw public key, the other wants X.509, or the reverse.", []Remedy{
		do(forServer, "give the binding a certificate as well", "handsel", "handsel bind set {host}:{port} --cert THUMBPRINT"),
		do(forClient, "accept raw public keys", "handsel", "handsel connect {server} --peer-key key.pem"),
	}},
	{"weak-dh", "The prime of the server's DHE is too short for the client.", []Remedy{
		do(forServer, "use ECDHE, or a prime of 2048 bits or more", "nginx", "ssl_dhparam dh2048.pem; (openssl dhparam -out dh2048.pem 2048)", "java", "-Djdk.tls.ephemeralDHKeySize=2048"),
		do(forClient, "offer ECDHE, and before DHE"),
	}},
	{"fallback", "The client tried again with an older version although both know a newer one: its first try was broken off.", []Remedy{
		do(forClient, "do not try again with an older version, and update the client"),
		do(forBoth, "find out why the first try failed: a device between may not let the newer version through"),
	}},
	{"downgraded", "The server knows a newer version than the one that arrived at it: somebody between altered the offer.", []Remedy{
		do(forBoth, "take the device out that intercepts TLS, or update it"),
	}},
	{"old-hello", "The client begins with SSL 2.0 or SSL 3.0: it is very old, or a scanner.", []Remedy{
		do(forClient, "update it, and switch SSLv2Hello off", "java", "https.protocols=TLSv1.2", "openssl", "openssl s_client -connect {server} -servername {host}"),
		do(forServer, "only for such clients, on a name or an address of their own", "handsel", "handsel bind set {host}:{port} --policy museum"),
	}},
	{"no-server-name", "The client does not say which name it wants (no server_name), and the server does not know which site is meant.", []Remedy{
		do(forClient, "send server_name: connect by name and not by address", "openssl", "openssl s_client -connect {server} -servername NAME", "curl", "curl --resolve NAME:443:ADDRESS https://NAME/"),
		do(forServer, "have a binding for clients without it", "handsel", "handsel bind add 0.0.0.0:{port} --cert THUMBPRINT", "iis", "netsh http add sslcert ipport=0.0.0.0:{port} certhash=THUMBPRINT appid={GUID}", "nginx", "listen {port} ssl default_server;"),
	}},
	{"unrecognized-name", "The server has no site for the name that the client asks for.", []Remedy{
		do(forServer, "bind the name", "handsel", "handsel bind add {host}:{port} --cert THUMBPRINT", "handsel", "handsel bind test --ip ADDRESS --port {port} --sni {host}", "nginx", "server_name {host};"),
		do(forClient, "check the name, and that the address is that of the right server", "linux", "getent ahosts {host}"),
	}},
	{"no-binding", "No binding matches the address and the name.", []Remedy{
		do(forServer, "bind the name, or the address for every name", "handsel", "handsel bind add {host}:{port} --cert THUMBPRINT", "handsel", "handsel bind test --ip ADDRESS --port {port} --sni {host}"),
		do(forClient, "check the name that it asks for"),
	}},
	{"binding-rejects", "The binding that fits turns connections away.", []Remedy{
		do(forServer, "if that is not meant", "handsel", "handsel bind set {host}:{port} --reject=false"),
	}},
	{"server-policy", "The server refuses the client, and does not say why.", []Remedy{
		do(forServer, "look into the server's log for this moment", "nginx", "error_log /var/log/nginx/error.log info;", "iis", "EventLogging=7 under HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL"),
		do(forClient, "try with one thing changed at a time", "handsel", "handsel connect {server} --sni {host} --tls12", "handsel", "handsel connect {server} --sni {host} --policy compatible"),
	}},
	{"extended-master-secret", "The two do not agree on extended_master_secret.", []Remedy{
		do(forBoth, "update the older side: RFC 7627 is from 2015"),
	}},
	{"extension-missing", "The ClientHello lacks an extension that the version cannot do without.", []Remedy{
		do(forClient, "update the client: a ClientHello of TLS 1.3 has supported_groups, key_share and signature_algorithms"),
	}},
}
