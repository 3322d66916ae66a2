package explain

// aboutTCP are causes below TLS, and peers that speak something else.
var aboutTCP = []entry{
	{"connection-refused", "Nothing listens on the port: the server answered the SYN with RST, so there was no handshake.", []Remedy{
		do(forServer, "start the server, or have it listen on this address and port", "handsel", "handsel serve --config handsel.yaml --check", "linux", "ss -ltnp", "windows", "netstat -ano | findstr LISTENING"),
		do(forServer, "look whether it ended at its start because a certificate and its key do not belong together", "nginx", "nginx -t", "apache", "apachectl configtest"),
		do(forClient, "check address and port"),
	}},
	{"connection-unanswered", "The server did not answer the SYN: it is down, the address is wrong, or a firewall drops the packets; there was no handshake.", []Remedy{
		do(forBoth, "open the port in the firewalls between, and check the route back", "linux", "tcpdump -ni any 'tcp port {port} and tcp[13] & 2 != 0'"),
		do(forServer, "under load: raise the length of the queue of new connections", "linux", "sysctl net.core.somaxconn"),
	}},
	{"server-speaks-no-tls", "The server does not speak TLS on this port.", []Remedy{
		do(forServer, "switch TLS on for the listener", "nginx", "listen {port} ssl;", "apache", "SSLEngine on"),
		do(forClient, "use the port of TLS, or the scheme of the service in the clear (http://), or STARTTLS", "openssl", "openssl s_client -connect {server} -starttls smtp", "curl", "curl http://{host}{:port}/"),
	}},
	{"http-to-tls-port", "The client speaks plain HTTP to a port of TLS.", []Remedy{
		do(forClient, "write https:// in place of http://, and have health checks use HTTPS", "curl", "curl https://{host}{:port}/"),
		do(forServer, "send plain HTTP elsewhere: listen for it on port 80 and redirect", "handsel", "listen: {http: [\"0.0.0.0:80\"], redirect_http: true}", "nginx", "error_page 497 https://$host$request_uri;"),
	}},
	{"proxy-request-to-tls-port", "The client takes this port for that of a proxy: it sends CONNECT in the clear.", []Remedy{
		do(forClient, "correct the proxy's address; https_proxy names a proxy that is spoken to in plain HTTP", "curl", "curl -x http://PROXY:PORT https://{host}{:port}/"),
	}},
	{"proxy-refused", "The proxy refused to connect the client with the server, so there was no handshake.", []Remedy{
		do(forBoth, "407: give the proxy a name and a password; 403: have it allow the host and port; 502, 503, 504: it does not reach the server", "curl", "curl -x http://PROXY:PORT --proxy-user USER https://{host}{:port}/"),
	}},
	{"proxy-protocol-unexpected", "The connection begins with a header of the PROXY protocol, which the server does not expect.", []Remedy{
		do(forServer, "have the server expect it, or the load balancer in front not send it", "nginx", "listen {port} ssl proxy_protocol;", "haproxy", "server s1 10.0.0.1:443 (without send-proxy)"),
	}},
	{"client-speaks-no-tls", "The client's first bytes are not TLS: it speaks another protocol, or probes the port.", []Remedy{
		do(forClient, "use a client that begins with TLS on this port"),
	}},
	{"starttls-refused", "The server did not agree to begin TLS, so there was no handshake.", []Remedy{
		do(forServer, "offer STARTTLS: a certificate has to be set", "postfix", "smtpd_tls_security_level = may", "openssl", "openssl s_client -connect {server} -starttls smtp"),
		do(forClient, "look whether the server offers it; a device between may have taken it out"),
	}},
	{"port-probe", "Somebody looked whether the port is open: the connection was closed without a byte.", []Remedy{
		do(forServer, "nothing has to be done; health checks of TCP do so"),
	}},
	{"client-silent", "The client says nothing, or no more.", []Remedy{
		do(forBoth, "if the server's flight does not arrive: large segments are lost on the way; lower the MTU, or let ICMP \"fragmentation needed\" through", "linux", "ping -M do -s 1472 HOST"),
	}},
	{"server-silent", "The server took the ClientHello and does not answer.", []Remedy{
		do(forServer, "look at its load, at what stands behind a TCP proxy, and whether the port expects another protocol first"),
		do(forBoth, "look for a device that drops the connection by its server_name, and for routes that differ between the two directions"),
	}},
	{"hello-lost", "The ClientHello never arrives: it was sent again and again, and not acknowledged.", []Remedy{
		do(forBoth, "small packets pass and this one does not: lower the MTU of the path, or let ICMP \"fragmentation needed\" through", "linux", "ping -M do -s 1472 HOST", "linux", "ip link set dev eth0 mtu 1400"),
		do(forBoth, "look for a device that drops the connection by its server_name"),
	}},
	{"hello-cut", "The connection ended in the middle of the ClientHello.", []Remedy{
		do(forBoth, "if the ClientHello takes more than one segment: something between may let only the first one through"),
		do(forServer, "a server that closes on the first segment takes the ClientHello for something else: update it"),
	}},
	{"reset-between", "A device between client and server ended the connection: neither of the two did.", []Remedy{
		do(forBoth, "look for a firewall, an intrusion prevention or a load balancer on the way that ends such connections, and into its log"),
	}},
	{"altered-between", "A device between client and server changes the handshake, or makes two of it.", []Remedy{
		do(forBoth, "leave the host out of the inspection, or have the client trust the device's authority"),
	}},
	{"answered-between", "Something between client and server answered in the server's place.", []Remedy{
		do(forBoth, "look for a proxy, a load balancer or a captive portal on the way; check what address the name leads to", "linux", "getent ahosts {host}"),
	}},
	{"answer-lost", "The server answered, and its answer did not arrive at the client.", []Remedy{
		do(forBoth, "large segments are lost on the way: lower the MTU, or let ICMP \"fragmentation needed\" through", "linux", "ping -M do -s 1472 HOST"),
	}},
	{"large-hello-dropped", "The ClientHello takes more than one segment, and something between does not let it through.", []Remedy{
		do(forBoth, "update the device, or have it reassemble TCP before it looks for the ClientHello"),
		do(forClient, "for now: offer a classical group only", "openssl", "openssl s_client -connect {server} -groups X25519", "go", "CurvePreferences: []tls.CurveID{tls.X25519}"),
	}},
	{"silence", "Nobody said any more in the middle of the handshake.", []Remedy{
		do(forBoth, "capture at both ends, and see which of the two still sends", "handsel", "handsel trace --server-end server.pcap client.pcap"),
	}},
	{"reset-after-hello", "The connection was reset right after the ClientHello: nothing is bound to the address and name, the certificate could not be loaded, or a device between does not want the name.", []Remedy{
		do(forServer, "see which binding the name leads to, and add one", "handsel", "handsel bind test --ip ADDRESS --port {port} --sni {host}", "iis", "netsh http show sslcert", "iis", "netsh http add sslcert hostnameport={host}:{port} certhash=THUMBPRINT appid={GUID} certstorename=MY"),
		do(forServer, "on Windows: look for event 15021 of HttpEvent, and import the certificate again with its key"),
		do(forServer, "at a load balancer: look whether the pool has a healthy member, and whether the port expects the PROXY protocol, as HAProxy does with accept-proxy"),
		do(forBoth, "look whether a firewall filters by name"),
	}},
	{"closed-after-hello", "The server closed the connection right after the ClientHello, without a word.", []Remedy{
		do(forServer, "look whether what stands behind the TCP proxy is up, whether the port expects the PROXY protocol, and whether the worker has crashed"),
		do(forServer, "raise the limits of connections if it happens under load only"),
	}},
	{"server-closed", "The server ended the connection without saying why.", []Remedy{do(forServer, "look into the server's log for this moment")}},
	{"connection-broken", "The connection ended in the middle of the handshake.", []Remedy{
		do(forBoth, "capture at both ends, and see who ends it", "handsel", "handsel trace --server-end server.pcap client.pcap"),
	}},
	{"client-gave-up", "The client ended the handshake by itself: it was stopped, or its time was over.", []Remedy{
		do(forClient, "give it more time, or see what stopped it"),
	}},
	{"too-slow", "The handshake took longer than this side allows.", []Remedy{
		do(forClient, "see what the peer waits for; many connections that say nothing are an attack, or probes"),
	}},
	{"canceled", "The handshake was ended by a program or its user.", []Remedy{
		do(forClient, "if nobody meant to: look into the program's log, at its time limit, and whether it waits for an answer (a choice of certificate, a smart card)"),
	}},
}
