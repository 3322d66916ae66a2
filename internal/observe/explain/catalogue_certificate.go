package explain

// aboutCertificates are causes in the server's certificate.
var aboutCertificates = []entry{
	{"issuer-not-trusted", "The client does not trust the issuer of the server's certificate.", []Remedy{
		do(forClient, "trust the authority, in the store that this client uses", "curl", "curl --cacert ca.pem https://{host}{:port}/", "handsel", "handsel connect {server} --sni {host} --ca ca.pem", "java", "keytool -importcert -cacerts -alias name -file ca.pem", "node", "NODE_EXTRA_CA_CERTS=ca.pem", "python", "REQUESTS_CA_BUNDLE=ca.pem", "linux", "cp ca.pem /usr/local/share/ca-certificates/ca.crt && update-ca-certificates", "windows", "certutil -addstore Root ca.cer"),
		do(forServer, "use a certificate of an authority that the clients know"),
		do(forClient, "if the issuer is that of a device that opens TLS: its authority has to be trusted, or the host be left out"),
	}},
	{"missing-intermediate", "The server does not send the intermediate certificate that links its own to a trusted authority.", []Remedy{
		do(forServer, "send the whole chain, the server's own first", "handsel", "handsel cert import fullchain.pem key.pem --replace {host}", "nginx", "ssl_certificate fullchain.pem;", "iis", "certutil -addstore CA intermediate.cer, and bind again"),
		do(forClient, "see what is sent", "openssl", "openssl s_client -connect {server} -servername {host} -showcerts", "handsel", "handsel connect {server} --sni {host}"),
	}},
	{"self-signed", "The server's certificate is signed by itself, and the client does not trust it.", []Remedy{
		do(forServer, "use a certificate of an authority that the clients know"),
		do(forClient, "trust this very certificate", "curl", "curl --cacert server.pem https://{host}{:port}/", "handsel", "handsel connect {server} --sni {host} --ca server.pem"),
	}},
	{"certificate-expired", "A certificate of the server's chain has expired.", []Remedy{
		do(forServer, "renew it, and bind the new one", "handsel", "handsel cert import new.pem new.key --replace {host}", "nginx", "nginx -s reload", "iis", "netsh http update sslcert hostnameport={host}:{port} certhash=NEW-THUMBPRINT appid={GUID} certstorename=MY"),
		do(forServer, "if the server's own is valid: take the expired authority out of the chain"),
		do(forClient, "check the clock", "linux", "timedatectl"),
	}},
	{"certificate-not-yet-valid", "The server's certificate is not valid yet.", []Remedy{
		do(forClient, "check the clock", "linux", "timedatectl"),
		do(forServer, "use the old certificate until then, and check the clock of the authority"),
	}},
	{"certificate-revoked", "The server's certificate was revoked.", []Remedy{
		do(forServer, "get a new certificate with a new key, and bind it", "handsel", "handsel cert import new.pem new.key --replace {host}"),
	}},
	{"name-mismatch", "The certificate is not for the name that the client asked for.", []Remedy{
		do(forServer, "see which binding the name leads to; use a certificate with the name among its subjectAltNames", "handsel", "handsel bind test --ip ADDRESS --port {port} --sni {host}", "iis", "netsh http show sslcert (a record of IP:port comes before hostname:port)", "nginx", "server_name {host};"),
		do(forClient, "connect by a name that the certificate has; a wildcard is for one label"),
	}},
	{"wrong-purpose", "The certificate is not for servers: its extendedKeyUsage or keyUsage does not allow it.", []Remedy{
		do(forServer, "have it issued with extendedKeyUsage serverAuth and keyUsage digitalSignature", "openssl", "openssl x509 -in cert.pem -noout -ext extendedKeyUsage,keyUsage"),
	}},
	{"chain-not-trusted", "The client finds no way from the server's certificate to an authority that it trusts: the authority is not among those it knows, an intermediate certificate is missing or may not issue, or the certificate is signed by itself.", []Remedy{
		do(forClient, "see what is shown, and where its chain ends", "handsel", "handsel connect {server} --sni {host}", "openssl", "openssl s_client -connect {server} -servername {host} -showcerts"),
		do(forServer, "send the whole chain, the server's own first", "handsel", "handsel cert import fullchain.pem key.pem --replace {host}", "nginx", "ssl_certificate fullchain.pem;"),
		do(forClient, "if the chain is whole: trust the authority, in the store that this client uses", "curl", "curl --cacert ca.pem https://{host}{:port}/", "java", "keytool -importcert -cacerts -alias name -file ca.pem", "node", "NODE_EXTRA_CA_CERTS=ca.pem", "windows", "certutil -addstore Root ca.cer"),
	}},
	{"chain-order", "The server sends its certificates in the wrong order: that of an authority comes first, and not its own.", []Remedy{
		do(forServer, "put the server's own certificate first, and behind it that of each issuer", "openssl", "cat server.pem intermediate.pem > fullchain.pem", "handsel", "handsel cert import fullchain.pem key.pem --replace {host}", "nginx", "ssl_certificate fullchain.pem;"),
	}},
	{"certificate-altered", "The signature of a certificate of the server's chain is not that of its issuer: the certificate was damaged or altered.", []Remedy{
		do(forServer, "take the certificate again from where it was issued", "openssl", "openssl verify -untrusted intermediate.pem server.pem", "handsel", "handsel cert import fullchain.pem key.pem --replace {host}"),
		do(forBoth, "look for a device between that changes certificates"),
	}},
	{"critical-extension", "A certificate of the chain has an extension that is marked critical and that the client does not know.", []Remedy{
		do(forServer, "have it issued without that extension, or with it not critical", "openssl", "openssl x509 -in cert.pem -noout -text"),
		do(forClient, "use a client that knows the extension"),
	}},
	{"client-clock", "The client's clock is wrong: the certificates are valid now, and not at the time that the client takes it for.", []Remedy{
		do(forClient, "set the clock", "linux", "timedatectl set-ntp true", "windows", "w32tm /resync"),
	}},
	{"constraints-violated", "An authority of the chain may not issue this certificate: not for such names, not at this depth, or none at all.", []Remedy{
		do(forServer, "have the certificate issued by an authority that may", "openssl", "openssl x509 -in intermediate.pem -noout -ext nameConstraints,basicConstraints"),
	}},
	{"weak-certificate", "The server's certificate has a key or a signature that is too weak for the client.", []Remedy{
		do(forServer, "have it issued with RSA of 2048 bits or more, or P-256, and SHA-256"),
	}},
	{"certificate-refused", "The client refuses the server's certificate, or its proof to have the key; which of its checks failed does not show.", []Remedy{
		do(forClient, "see what is shown and which check fails", "handsel", "handsel connect {server} --sni {host}", "openssl", "openssl s_client -connect {server} -servername {host} -verify_hostname {host} -showcerts", "curl", "curl -v https://{host}{:port}/"),
		do(forServer, "check chain, dates and names of the certificate", "handsel", "handsel cert show {host}"),
	}},
	{"certificate-unreadable", "A certificate of the peer cannot be parsed.", []Remedy{
		do(forServer, "have it issued again; see where it is not in order", "openssl", "openssl x509 -in cert.pem -noout -text"),
	}},
	{"server-certificate-unavailable", "The server has no certificate that it can use for this client.", []Remedy{
		do(forServer, "give the binding a certificate for the name", "handsel", "handsel bind set {host}:{port} --cert THUMBPRINT", "handsel", "handsel cert list"),
	}},
	{"key-unusable", "The server cannot use the private key of its certificate.", []Remedy{
		do(forServer, "check that key and certificate belong together, and that the server may read the key", "openssl", "openssl pkey -in key.pem -check -noout", "windows", "certutil -repairstore my THUMBPRINT"),
	}},
	{"server-configuration", "The server has no settings or no certificate for this connection: it made a mistake of its own.", []Remedy{
		do(forServer, "look whether the name has a site, and its certificate and key can be read", "handsel", "handsel bind test --ip ADDRESS --port {port} --sni {host}", "nginx", "nginx -t"),
	}},
	{"staple-refused", "The client does not accept the OCSP response that the server sent, or wants one (must-staple).", []Remedy{
		do(forServer, "staple a fresh response", "nginx", "ssl_stapling on; ssl_stapling_verify on;", "openssl", "openssl s_client -connect {server} -servername {host} -status"),
	}},
	{"revocation-unknown", "Whether the server's certificate was revoked could not be found out.", []Remedy{
		do(forClient, "let it reach the place that the certificate names, or check as well as can be", "curl", "curl --ssl-revoke-best-effort https://{host}{:port}/", "git", "git config http.schannelCheckRevoke false"),
		do(forServer, "staple the OCSP response", "nginx", "ssl_stapling on;"),
	}},
	{"raw-key-unknown", "The peer's raw public key is not one that is known here.", []Remedy{
		do(forClient, "name the key", "handsel", "handsel connect {server} --peer-key key.pem"),
	}},
}

// aboutClients are causes in what the client proves who it is with.
var aboutClients = []entry{
	{"client-certificate-missing", "The server wants a certificate of the client, and the client has shown none.", []Remedy{
		do(forClient, "give it a certificate of an authority that the server names; browsers and Java send none that does not fit the list", "curl", "curl --cert client.pem --key client.key https://{host}{:port}/", "handsel", "handsel connect {server} --sni {host} --cert client.pem", "openssl", "openssl s_client -connect {server} -servername {host} -cert client.pem -key client.key", "java", "-Djavax.net.ssl.keyStore=client.p12 -Djavax.net.ssl.keyStorePassword=..."),
		do(forServer, "if it is not needed", "handsel", "handsel bind set {host}:{port} --client-auth request", "nginx", "ssl_verify_client optional;"),
		do(forServer, "on Windows: a list of authorities above 16 KB is cut off (event 36885)", "windows", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL: SendTrustedIssuerList=0"),
	}},
	{"client-certificate-untrusted", "The server does not trust the issuer of the client's certificate.", []Remedy{
		do(forServer, "trust the authority", "handsel", "handsel bind set {host}:{port} --client-ca clients.pem", "nginx", "ssl_client_certificate clients.pem;"),
		do(forClient, "send the intermediate certificates as well, or use a certificate of another authority", "curl", "curl --cert chain.pem --key client.key https://{host}{:port}/"),
	}},
	{"client-certificate-expired", "The client's certificate is not valid at this time.", []Remedy{
		do(forClient, "renew it, and check the clock"),
		do(forServer, "check the clock", "linux", "timedatectl"),
	}},
	{"client-certificate-refused", "The server refuses the client's certificate.", []Remedy{
		do(forServer, "see why in the server's log", "nginx", "error_log /var/log/nginx/error.log info;"),
		do(forClient, "use a certificate with extendedKeyUsage clientAuth that is valid and not revoked", "openssl", "openssl x509 -in client.pem -noout -text"),
	}},
	{"client-certificate-issuer", "The server asks for certificates of other authorities, or with other keys, than the client's.", []Remedy{
		do(forClient, "use a certificate of one of the authorities that the server names", "handsel", "handsel connect {server} --sni {host} -v"),
		do(forServer, "add the authority to the list", "handsel", "handsel bind set {host}:{port} --client-ca clients.pem"),
	}},
	{"psk-unknown", "The server does not know the pre-shared key that the client offers.", []Remedy{
		do(forServer, "add the identity", "handsel", "handsel psk --help"),
		do(forClient, "check the identity", "handsel", "handsel connect {server} --psk-file keys.psk --psk-identity NAME"),
	}},
	{"psk-wrong", "The two have different keys for the same identity.", []Remedy{
		do(forBoth, "give both sides the same key for the identity"),
	}},
}
