package import FlowCore
import FlowJSON
package import FlowNATS
import FoundationEssentials

/// Reads the files that the encryption of a connection needs.
package enum BrokerFiles {
    /// The TLS options of files.
    ///
    /// - Throws: ``ValidationError`` when a file cannot be read.
    package static func tls(
        authorities: String?, certificate: String?, key: String?, serverName: String?
    ) throws(ValidationError) -> NATSOptions.TLS {
        var issues: [ValidationIssue] = []
        func text(_ path: String?, _ field: String) -> String? {
            guard let path else { return nil }
            guard let data = try? Data(contentsOf: URL(filePath: path)) else {
                issues.append(ValidationIssue(["tls", .name(field)], "the file \"\(path)\" cannot be read"))
                return nil
            }
            return String(decoding: data, as: UTF8.self)
        }
        let tls = NATSOptions.TLS(
            authorities: text(authorities, "ca_file"), certificate: text(certificate, "certificate_file"),
            key: text(key, "key_file"), serverName: serverName)
        guard issues.isEmpty else { throw ValidationError(issues) }
        return tls
    }
}
