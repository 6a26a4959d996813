import FlowCore
import FlowEngine
import FlowJSON
import FoundationEssentials
import Yams

/// The backends that the files of a directory register: each file holds one registration, or a list of them.
struct BackendFiles: Sendable {
    /// The registrations, file by file in the order of their names.
    private(set) var registrations: [BackendRegistration] = []
    private var places: [Place] = []
    /// What cannot be read as registrations.
    private(set) var problems: [String] = []

    /// Where a registration stands.
    private struct Place: Sendable {
        let file: String
        let pointer: JSONPointer
        let text: String
    }

    /// Reads a directory. Files that are no YAML by their name are passed over.
    init(directory: String) {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            problems.append("backends.directory: \(directory) cannot be read")
            return
        }
        for name in names.sorted() where !name.hasPrefix(".") && (name.hasSuffix(".yaml") || name.hasSuffix(".yml")) {
            read(name, in: directory)
        }
    }

    /// What the server has against the registrations, with the place of each.
    func problems(_ issues: [DeclarationIssue]) -> [String] {
        issues.map { text($0.issue.under(places[$0.index].pointer), in: places[$0.index]) }
    }

    private mutating func read(_ name: String, in directory: String) {
        let value: JSONValue
        let text: String
        do {
            let read = try YAMLText(path: directory + "/" + name)
            guard let node = try read.compose() else { return problems.append("\(name): the file is empty") }
            text = read.text
            value = try WorkflowFile.value(node)
        } catch {
            return problems.append("\(name): \(error)")
        }
        if let elements = value.array {
            for (index, element) in elements.enumerated() {
                add(element, Place(file: name, pointer: [.position(index)], text: text))
            }
        } else {
            add(value, Place(file: name, pointer: [], text: text))
        }
    }

    private mutating func add(_ value: JSONValue, _ place: Place) {
        do throws(FlowCore.ValidationError) {
            guard let object = value.object else {
                throw ValidationError([
                    ValidationIssue(place.pointer, "expected a registration, found \(value.typeName)")
                ])
            }
            registrations.append(try BackendRegistration(decoding: object, at: place.pointer, file: place.file))
            places.append(place)
        } catch {
            problems += error.issues.map { text($0, in: place) }
        }
    }

    /// The file, the line as far as it is there, the place and what is wrong.
    private func text(_ issue: ValidationIssue, in place: Place) -> String {
        // Composed anew, since nodes of YAML cannot be kept for others.
        var node = (try? Yams.compose(yaml: place.text)) ?? Yams.Node("")
        for token in issue.pointer.tokens {
            let next: Yams.Node? =
                switch token {
                case .name(let name): node.mapping?.first { $0.key.string == name }?.value
                case .position(let index):
                    node.sequence.flatMap { $0.indices.contains(index) ? $0[index] : nil }
                }
            guard let next else { break }
            node = next
        }
        let line = node.mark.map { ":\($0.line)" } ?? ""
        let pointer = issue.pointer.tokens.isEmpty ? "" : " \(issue.pointer)"
        return "\(place.file)\(line):" + URLCredentials.hidden(in: "\(pointer) \(issue.detail)")
    }
}
