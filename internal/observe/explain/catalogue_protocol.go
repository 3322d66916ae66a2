package explain

// aboutProtocol are causes in what was sent.
var aboutProtocol = []entry{
	{"malformed-message", "A message is not in order.", []Remedy{
		do(forBoth, "if it does not happen without the devices between: one of them changes the bytes"),
		do(forClient, "update the side that sent it, and report it to its makers with a capture", "handsel", "handsel trace -vv capture.pcapng"),
	}},
	{"record-altered", "A record could not be decrypted: it was changed on the way, or the two have different keys.", []Remedy{
		do(forBoth, "look for a device between that changes what passes through it, and for broken hardware (memory, offloading)", "linux", "ethtool -K eth0 tx off rx off tso off gso off gro off"),
		do(forServer, "with DHE_RSA suites of old Windows clients: put ECDHE before DHE"),
	}},
	{"proof-wrong", "A signature or a Finished does not verify: the two have not seen the same messages, or the key does not belong to the certificate.", []Remedy{
		do(forServer, "check that key and certificate belong together, on every node behind the address", "openssl", "openssl x509 -in cert.pem -pubkey -noout; openssl pkey -in key.pem -pubout"),
		do(forBoth, "look for a device between that changes handshake messages"),
	}},
	{"ech-rejected", "The server does not know the key with which the client encrypted its ClientHello.", []Remedy{
		do(forServer, "publish the configuration that the server has", "handsel", "handsel ech show ech.pem"),
		do(forClient, "fetch the HTTPS record again; a client that keeps the configuration of the server's answer tries once more by itself"),
	}},
	{"renegotiation-refused", "One side wants to renegotiate, and the other does not.", []Remedy{
		do(forServer, "ask for the client's certificate in the handshake and not for a path only, or allow renegotiation on this binding", "handsel", "handsel bind set {host}:{port} --renegotiation", "iis", "netsh http update sslcert ... clientcertnegotiation=enable"),
		do(forClient, "allow it, if it is a server of your own", "go", "Renegotiation: tls.RenegotiateOnceAsClient", "openssl", "openssl s_client -connect {server} -legacy_renegotiation"),
	}},
	{"renegotiation-unsafe", "The peer does not know secure renegotiation (RFC 5746).", []Remedy{
		do(forBoth, "update the peer: RFC 5746 is from 2010"),
		do(forClient, "until then", "openssl", "openssl s_client -connect {server} -legacy_server_connect"),
	}},
	{"early-data", "Early data (0-RTT) did not go as its ticket says.", []Remedy{
		do(forServer, "switch it off for the binding", "handsel", "handsel bind set {host}:{port} --early-data=false"),
		do(forClient, "forget the session, and connect without early data"),
	}},
	{"server-failed", "The server made a mistake of its own.", []Remedy{do(forServer, "look into the server's log for this moment")}},
	{"client-failed", "The client made a mistake of its own.", []Remedy{do(forClient, "look into the client's log for this moment")}},
	{"client-refused", "The client refuses what the server has chosen.", []Remedy{do(forClient, "look into the client's log for this moment")}},
	{"server-refused", "The server refuses what the client offers or has sent.", []Remedy{do(forServer, "look into the server's log for this moment")}},
	{"alert", "One side ended the connection with an alert.", []Remedy{do(forBoth, "look the alert up, and into the log of the side that sent it", "handsel", "handsel explain NAME")}},
}
