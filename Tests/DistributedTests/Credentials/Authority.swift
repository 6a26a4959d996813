import TestSupport

/// Who signs certificates: of brokers, and of those who connect to them.
struct Authority {
    private let directory: String
    /// The file of its own certificate.
    let file: String
    private let key: String

    init() async throws {
        directory = try madeDirectory()
        file = directory + "/authority.pem"
        key = directory + "/authority-key.pem"
        try await Self.openssl([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=authority", "-keyout", key,
            "-out", file,
        ])
    }

    /// Makes a certificate for this machine.
    ///
    /// - Returns: the files of the certificate and its key.
    func certificate(_ name: String) async throws -> (certificate: String, key: String) {
        let paths = (certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name)-key.pem")
        let (request, extensions) = (
            "\(directory)/\(name).csr",
            try TestSupport.file(
                name + ".ext", "subjectAltName=IP:127.0.0.1,DNS:\(name)\n", in: directory)
        )
        try await Self.openssl([
            "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", paths.key, "-out", request,
        ])
        try await Self.openssl([
            "x509", "-req", "-in", request, "-CA", file, "-CAkey", key, "-CAcreateserial", "-days", "2", "-extfile",
            extensions, "-out", paths.certificate,
        ])
        return paths
    }

    private static func openssl(_ arguments: [String]) async throws {
        let result = try await command("openssl", arguments)
        guard result.code == 0 else { throw CommandFailed(error: result.error) }
    }
}
