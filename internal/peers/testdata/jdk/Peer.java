import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * The JDK as a server and as a client, many times over in one process. Its
 * argument is a file with the authority to trust. It is told what to do line by
 * line, and each answer begins with the number of the line's first word:
 *
 *   N serve PROTOCOLS SUITES CERT KEY AUTH    answers lines; "N port P"
 *   N connect PORT PROTOCOLS SUITES CERT KEY  says a line; "N ok PROTOCOL SUITE"
 *
 * Lists have commas; "-" stands for nothing, or for what is the default.
 */
public class Peer {
    static Certificate[] root;

    public static void main(String[] args) throws Exception {
        root = certificates(args[0]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        say("ready");
        for (String line; (line = in.readLine()) != null; ) {
            String[] words = line.split(" ");
            inBackground(() -> {
                try {
                    if (words[1].equals("serve")) {
                        serve(words);
                    } else {
                        connect(words);
                    }
                } catch (Exception e) {
                    say(words[0] + " failed " + e);
                }
            });
        }
        System.exit(0);
    }

    static void serve(String[] words) throws Exception {
        SSLContext context = context(words[4], words[5]);
        SSLServerSocket listener = (SSLServerSocket) context.getServerSocketFactory()
            .createServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
        SSLParameters p = listener.getSSLParameters();
        set(p, words[2], words[3]);
        p.setNeedClientAuth(words[6].equals("require"));
        listener.setSSLParameters(p);
        say(words[0] + " port " + listener.getLocalPort());
        while (true) {
            SSLSocket s = (SSLSocket) listener.accept();
            inBackground(() -> {
                try (s) {
                    BufferedReader in = reader(s);
                    for (String line; (line = in.readLine()) != null; ) {
                        write(s, "heard: " + line + "\n");
                    }
                } catch (Exception e) {
                    System.err.println(words[0] + ": " + e);
                }
            });
        }
    }

    static void connect(String[] words) throws Exception {
        Socket raw = new Socket("127.0.0.1", Integer.parseInt(words[2]));
        SSLContext context = context(words[5], words[6]);
        try (SSLSocket s = (SSLSocket) context.getSocketFactory().createSocket(raw, "localhost", raw.getPort(), true)) {
            SSLParameters p = s.getSSLParameters();
            set(p, words[3], words[4]);
            p.setEndpointIdentificationAlgorithm("HTTPS");
            s.setSSLParameters(p);
            write(s, "hello, handsel\n");
            String answer = reader(s).readLine();
            if (!"heard: hello, handsel".equals(answer)) {
                throw new Exception("the answer is " + answer);
            }
            SSLSession session = s.getSession();
            say(words[0] + " ok " + session.getProtocol() + " " + session.getCipherSuite());
        }
    }

    static void set(SSLParameters p, String protocols, String suites) {
        p.setProtocols(protocols.split(","));
        if (!suites.equals("-")) {
            p.setCipherSuites(suites.split(","));
        }
    }

    static SSLContext context(String certFile, String keyFile) throws Exception {
        KeyStore keys = empty(), trusted = empty();
        if (!certFile.equals("-")) {
            keys.setKeyEntry("own", key(keyFile), new char[0], certificates(certFile));
        }
        trusted.setCertificateEntry("root", root[0]);
        KeyManagerFactory k = KeyManagerFactory.getInstance("SunX509");
        k.init(keys, new char[0]);
        TrustManagerFactory t = TrustManagerFactory.getInstance("PKIX");
        t.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(k.getKeyManagers(), t.getTrustManagers(), null);
        return context;
    }

    static KeyStore empty() throws Exception {
        KeyStore s = KeyStore.getInstance("PKCS12");
        s.load(null, null);
        return s;
    }

    static Certificate[] certificates(String file) throws Exception {
        try (InputStream in = new FileInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in).toArray(new Certificate[0]);
        }
    }

    static PrivateKey key(String file) throws Exception {
        String text = Files.readString(Path.of(file)).replaceAll("-----[^-]*-----", "");
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(text));
        try {
            return KeyFactory.getInstance("RSA").generatePrivate(spec);
        } catch (InvalidKeySpecException e) {
            return KeyFactory.getInstance("EC").generatePrivate(spec);
        }
    }

    static BufferedReader reader(Socket s) throws Exception {
        return new BufferedReader(new InputStreamReader(s.getInputStream(), StandardCharsets.US_ASCII));
    }

    static void write(Socket s, String line) throws Exception {
        OutputStream out = s.getOutputStream();
        out.write(line.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    static synchronized void say(String line) {
        System.out.println(line);
    }

    interface Work {
        void run() throws Exception;
    }

    static void inBackground(Work w) {
        Thread t = new Thread(() -> {
            try {
                w.run();
            } catch (Exception e) {
                System.err.println(e);
            }
        });
        t.setDaemon(true);
        t.start();
    }
}
