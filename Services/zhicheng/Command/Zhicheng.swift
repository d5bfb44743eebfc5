import ArgumentParser

@main
struct Zhicheng: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "zhicheng",
        abstract: "职称申报评审平台: run the platform, and work with it from a terminal.",
        discussion: """
            Exit codes: 0 done, 1 refused by a rule, 2 usage (or a setting that must change: a taken \
            port, an unwritable folder), 3 unreachable, 4 not authorised, 5 taken on and not decided yet, \
            70 the platform failed.
            """,
        version: "0.1.0",
        subcommands: [
            DevCommand.self, DemoCommand.self, SimulateCommand.self, SignInCommand.self,
            SignOutCommand.self, HomeCommand.self, UnitCommand.self, TasksCommand.self,
            NoticesCommand.self, DeclarationsCommand.self,
            PlansCommand.self, QuotasCommand.self,
            ArchiveCommand.self, ExportCommand.self, ImportCommand.self,
            AccountsCommand.self, OfficersCommand.self, UnitChangesCommand.self,
            RegistrationsCommand.self, HealthCommand.self, MetricsCommand.self, KeysCommand.self,
            CertsCommand.self, BackupCommand.self, VerifyBackupCommand.self, RestoreCommand.self,
        ])

    /// `zhicheng help NOTHING`: ArgumentParser would show this page and say that all is well.
    private static func checkHelp(_ words: [String]) throws {
        guard words.first == "help" else { return }
        var command: any ParsableCommand.Type = Self.self
        for word in words.dropFirst() where !word.hasPrefix("-") && word != "help" {
            guard
                let next = command.configuration.subcommands.first(where: {
                    $0._commandName == word
                })
            else { throw ValidationError("there is no command “\(word)”") }
            command = next
        }
    }

    static func main() async {
        do {
            try checkHelp(Array(CommandLine.arguments.dropFirst()))
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let failure as CommandFailure {
            Output.error(failure.message)
            exit(withError: ExitCode(failure.code.rawValue))
        } catch {
            // ArgumentParser's own usage errors have exit code 64; ours is 2.
            if Self.exitCode(for: error) == .validationFailure {
                let message = Self.fullMessage(for: error)
                Output.error(
                    message.hasPrefix("Error: ") ? String(message.dropFirst(7)) : message)
                exit(withError: ExitCode(CommandFailure.Code.usage.rawValue))
            }
            exit(withError: error)
        }
    }
}
