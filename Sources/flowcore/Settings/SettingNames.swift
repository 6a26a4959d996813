import FoundationEssentials
import Yams

/// Finds names of settings that nobody knows, so that a misspelt one is not ignored.
struct SettingNames {
    /// The keys of all settings.
    let known: [String]

    /// The key for `flowcore run`.
    private static let key = "FLOWCORE_API_KEY"
    /// Where scripts and tests find the program.
    private static let binary = "FLOWCORE_BINARY"

    /// What is wrong with the names of the values in a file.
    func problems(inFile path: String) throws -> [String] {
        guard let root = try YAMLText(path: path).compose() else { return [] }
        return Self.keys(root, prefix: "").filter { !known.contains($0) }.map { key in
            "\(key): unknown key in \(path); the nearest is \(Self.nearest(to: key, among: known))"
        }
    }

    /// What is wrong with the names of the `FLOWCORE_…` variables.
    func problems(in environment: [String: String]) -> [String] {
        let names = known.map { "FLOWCORE_" + $0.uppercased().replacing(".", with: "_") } + [Self.key]
        return environment.sorted { $0.key < $1.key }.compactMap { name, value in
            guard name.hasPrefix("FLOWCORE_"), name != Self.binary, !names.contains(name),
                !Self.isOfCluster(name, value), SecretFiles.name(ofVariable: name) == nil
            else { return nil }
            return "\(name): unknown variable; the nearest is \(Self.nearest(to: name, among: names))"
        }
    }

    /// Whether a variable is one of those by which Kubernetes tells every container of a service named `flowcore`.
    private static func isOfCluster(_ name: String, _ value: String) -> Bool {
        if name.hasPrefix("FLOWCORE_SERVICE_HOST") || name.hasPrefix("FLOWCORE_SERVICE_PORT") { return true }
        guard name.hasPrefix("FLOWCORE_PORT") else { return false }
        return name.hasPrefix("FLOWCORE_PORT_") || value.contains("://")
    }

    private static func keys(_ node: Yams.Node, prefix: String) -> [String] {
        guard let mapping = node.mapping else { return [prefix] }
        return mapping.flatMap { key, value in
            keys(value, prefix: (prefix.isEmpty ? "" : prefix + ".") + (key.string ?? "?"))
        }
    }

    private static func nearest(to name: String, among names: [String]) -> String {
        names.min { distance($0, name) < distance($1, name) } ?? ""
    }

    /// How much has to be changed in a name to make the wanted one of it. What is only left out, such as the section of a
    /// key, counts half of what is wrong.
    private static func distance(_ wanted: String, _ name: String) -> Int {
        let name = Array(name.utf8)
        var row = (0...name.count).map { 2 * $0 }
        for byte in wanted.utf8 {
            var diagonal = row[0]
            row[0] += 1
            for place in name.indices {
                let replaced = diagonal + (name[place] == byte ? 0 : 2)
                diagonal = row[place + 1]
                row[place + 1] = min(replaced, diagonal + 1, row[place] + 2)
            }
        }
        return row[name.count]
    }
}
