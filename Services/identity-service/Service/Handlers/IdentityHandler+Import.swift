import Domain
import Messages
import RPC
import ServiceRuntime
import Storage

// 批量导入 of the unit's persons (E2).

extension IdentityHandler {
    func importPersons(
        _ request: Identity.ImportPersonsRequest, context: RequestContext
    ) async throws -> Identity.ImportPersonsReply {
        let officer = try context.caller.officer()
        let sheet = try refusing { () throws(Refusal) in
            try PersonSheet(request, today: CivilDay(clock.now())) { personal.index(idNumber: $0) }
        }
        let standings = try database.fetch { rows in try PersonStanding.read(sheet.keys, rows) }
        guard !request.checkOnly else {
            return Identity.ImportPersonsReply(faults: sheet.faults(standings))
        }
        return try await performPrivately(
            ImportPersons(
                officer: officer, sheet: sheet, persons: try persons(sheet, standings)),
            for: request, context: context)
    }

    /// The rows without a fault, their numbers sealed for whom they are known to be.
    private func persons(
        _ sheet: PersonSheet, _ standings: [PersonStanding]
    ) throws(RPCError) -> [ImportPersons.Person] {
        var persons: [ImportPersons.Person] = []
        for (index, input) in sheet.inputs.enumerated() {
            guard let input else { continue }
            let known = standings[index].person
            let id = known?.id ?? ids()
            let person = try guarding {
                try known
                    ?? StoredPerson(
                        id: id, kind: .applicant, name: input.name,
                        idNumber: try personal.seal(input.idNumber, .personIDNumber(id)),
                        idIndex: sheet.keys[index],
                        phone: try personal.seal(input.phone, .personPhone(id)))
            }
            persons.append(
                ImportPersons.Person(
                    person: person, isNew: known == nil, form: try sealed(input, person: id),
                    registrationID: ids()))
        }
        return persons
    }
}
