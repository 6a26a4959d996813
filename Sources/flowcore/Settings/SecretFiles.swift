import FlowCore
import FoundationEssentials

/// Reads the secrets of a server: the files of a directory, as container platforms mount them, and the variables
/// `FLOWCORE_SECRET_…`. What goes wrong is told without any value.
struct SecretFiles {
    /// A variable's name is this and the secret's in capitals.
    static let variablePrefix = "FLOWCORE_SECRET_"
    private static let maximumBytes = 64 << 10

    private(set) var values: [SecretName: String] = [:]
    private(set) var problems: [String] = []

    /// The name of the secret that a variable holds, or `nil` when it holds none.
    static func name(ofVariable variable: String) -> SecretName? {
        guard variable.hasPrefix(variablePrefix) else { return nil }
        let rest = variable.dropFirst(variablePrefix.count).lowercased()
        // A secret of this name is far less likely than the setting, misspelt.
        guard rest != "directory" else { return nil }
        return SecretName(checking: rest)
    }

    /// Reads every file of a directory, each the secret of the file's name. Those whose names begin with a dot are the
    /// platform's own.
    mutating func read(directory: String) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            return problems.append("secrets.directory: \(directory) cannot be read")
        }
        for file in names.sorted() where !file.hasPrefix(".") {
            let place = "secrets.directory: \(directory)/\(file)"
            guard let name = SecretName(checking: file) else {
                problems.append("\(place): a secret's name has up to 64 letters, digits, '_', '-' or '.'")
                continue
            }
            guard let data = try? Data(contentsOf: URL(filePath: directory + "/" + file)) else {
                problems.append("\(place) cannot be read")
                continue
            }
            guard let text = String(validating: data, as: UTF8.self) else {
                problems.append("\(place) is not text in UTF-8")
                continue
            }
            // Editors and shells end a file with a line's end, which is no part of what was meant.
            take(text.hasSuffix("\r\n") || text.hasSuffix("\n") ? String(text.dropLast()) : text, as: name, from: place)
        }
    }

    /// Reads the variables. They win over files.
    mutating func read(environment: [String: String]) {
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) {
            guard let name = Self.name(ofVariable: variable) else { continue }
            take(value, as: name, from: variable)
        }
    }

    private mutating func take(_ value: String, as name: SecretName, from place: String) {
        guard (Secrets.minimumBytes...Self.maximumBytes).contains(value.utf8.count) else {
            return problems.append(
                "\(place): a secret has \(Secrets.minimumBytes) to \(Self.maximumBytes) bytes, not \(value.utf8.count)")
        }
        values[name] = value
    }
}
