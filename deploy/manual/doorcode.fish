# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_doorcode_global_optspecs
    string join \n c/config= h/help V/version
end

function __fish_doorcode_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_doorcode_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_doorcode_using_subcommand
    set -l cmd (__fish_doorcode_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c doorcode -n "__fish_doorcode_needs_command" -s c -l config -d 'The configuration file; default: that of `DOORCODE_CONFIG`, else /etc/doorcode/doorcode.toml, else the built-in demo' -r -F
complete -c doorcode -n "__fish_doorcode_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c doorcode -n "__fish_doorcode_needs_command" -s V -l version -d 'Print version'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "serve" -d 'Run the server (also the default without a command)'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "demo" -d 'Run the built-in demo, whatever configuration file this machine has'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "init" -d 'Write a first configuration file from a handful of answers'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "check" -d 'Check a configuration file and report all mistakes'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "explain" -d 'Say what becomes of a request: its site, every reading of its path, the rules and the decision'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "doctor" -d 'Ask the running server, its apps, its database and its names whether all is well'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "health" -d 'Check whether the server with this configuration is ready'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "widget" -d 'Print the HTML element of the login widget, with the hash of its script'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "reload" -d 'Make the running server read its file anew; one with a mistake changes nothing'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "upgrade" -d 'Make the running server hand over to a new process of the installed program'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "attempt" -d 'Tell what became of a login attempt: asked, sent, entered, refused'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "text" -d 'Send a test text by the configured providers, and say what they answered'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "sms" -d 'Tell what was texted, what arrived, what was used and what it cost'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "nodes" -d 'List the servers that run on the same database'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "migrate" -d 'Bring the database to the schema of this version, as each start of the server does'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "keys" -d 'List the signing keys'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "secret" -d 'Change the secret that the database is encrypted under'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "users" -d 'Block, unblock, show or find users'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "store" -d 'Move the database'
complete -c doorcode -n "__fish_doorcode_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand serve" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand serve" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand demo" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l url -d 'Public URL of the app' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l upstream -d 'Where the app listens: 127.0.0.1:3000' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l name -d 'Name on the login pages' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l countries -d 'Countries whose numbers may sign in: "US GB"' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l certificate -d 'PEM file of the certificate, `acme` or `proxy`' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l key -d 'PEM file of its key' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l contact -d 'Mail address for the authority of `acme`, whose terms it agrees to' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l provider -d 'twilio or console' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l twilio-account -d 'Account SID of Twilio' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -l twilio-from -d 'Number or messaging service that texts come from' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand init" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand check" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand check" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l url -d 'The URL that is asked for, as the client sends it: nothing in it is changed' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l method -d 'The method' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l phone -d 'Whoever has this number calls, and logged in just now; without it nobody does' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l role -d 'A role that they have besides those of their [[user]]; may be repeated' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l token -d 'Whoever has this access token or personal access token calls; `-`: read from standard input. The running server is asked whose it is' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -l from -d 'The client\'s address' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand explain" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand doctor" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand doctor" -l attack -d 'Instead, attack a gate with the same rules, on loopback and before an app that only records, and say what reached it'
complete -c doorcode -n "__fish_doorcode_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand health" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand health" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand widget" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand widget" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand reload" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand reload" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand upgrade" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand upgrade" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand attempt" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand attempt" -l reveal -d 'Show the whole number; that is recorded, with the name of the user who runs this'
complete -c doorcode -n "__fish_doorcode_using_subcommand attempt" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand text" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand text" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and not __fish_seen_subcommand_from stats help" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and not __fish_seen_subcommand_from stats help" -f -a "stats" -d 'A table by country and provider: sent, delivered, used, spent'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and not __fish_seen_subcommand_from stats help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from stats" -l since -d 'Of texts since then: a time ago (`24h`, `7d`) or a day (`2026-11-01`)' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from stats" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from stats" -l json -d 'Print JSON'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from stats" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from help" -f -a "stats" -d 'A table by country and provider: sent, delivered, used, spent'
complete -c doorcode -n "__fish_doorcode_using_subcommand sms; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand nodes" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand nodes" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand migrate" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand migrate" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and not __fish_seen_subcommand_from rotate help" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and not __fish_seen_subcommand_from rotate help" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and not __fish_seen_subcommand_from rotate help" -a "rotate" -d 'Publish new keys that will replace the ones that sign'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and not __fish_seen_subcommand_from rotate help" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and __fish_seen_subcommand_from rotate" -l usage -d 'Only the keys for this usage: token or assertion' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and __fish_seen_subcommand_from rotate" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Publish new keys that will replace the ones that sign'
complete -c doorcode -n "__fish_doorcode_using_subcommand keys; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and not __fish_seen_subcommand_from rotate help" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and not __fish_seen_subcommand_from rotate help" -f -a "rotate" -d 'Encrypt all phone numbers under the first value of server.secret, while servers run that have both'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and not __fish_seen_subcommand_from rotate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and __fish_seen_subcommand_from rotate" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Encrypt all phone numbers under the first value of server.secret, while servers run that have both'
complete -c doorcode -n "__fish_doorcode_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -f -a "block" -d 'Block a user: end all sessions and personal access tokens, and revoke all grants'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -f -a "unblock" -d 'Unblock a user; ended sessions and revoked grants stay so'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -f -a "show" -d 'Show a user: when created and blocked, roles, and number of sessions and personal access tokens'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -f -a "find" -d 'List the users whose number ends in four digits'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and not __fish_seen_subcommand_from block unblock show find help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from block" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from block" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from unblock" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from unblock" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from show" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from find" -s c -l config -d 'The same as FILE' -r -F
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from find" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "block" -d 'Block a user: end all sessions and personal access tokens, and revoke all grants'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "unblock" -d 'Unblock a user; ended sessions and revoked grants stay so'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show a user: when created and blocked, roles, and number of sessions and personal access tokens'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "find" -d 'List the users whose number ends in four digits'
complete -c doorcode -n "__fish_doorcode_using_subcommand users; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and not __fish_seen_subcommand_from copy help" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and not __fish_seen_subcommand_from copy help" -f -a "copy" -d 'Copy a database to an empty one and compare both; stop the servers of both before. Begins where an interrupted copy ended'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and not __fish_seen_subcommand_from copy help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and __fish_seen_subcommand_from copy" -l from -d 'Configuration file, or `sqlite:PATH` or `postgres://…`' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and __fish_seen_subcommand_from copy" -l to -d 'The same' -r
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and __fish_seen_subcommand_from copy" -s h -l help -d 'Print help'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "copy" -d 'Copy a database to an empty one and compare both; stop the servers of both before. Begins where an interrupted copy ended'
complete -c doorcode -n "__fish_doorcode_using_subcommand store; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "serve" -d 'Run the server (also the default without a command)'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "demo" -d 'Run the built-in demo, whatever configuration file this machine has'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "init" -d 'Write a first configuration file from a handful of answers'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "check" -d 'Check a configuration file and report all mistakes'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "explain" -d 'Say what becomes of a request: its site, every reading of its path, the rules and the decision'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "doctor" -d 'Ask the running server, its apps, its database and its names whether all is well'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "health" -d 'Check whether the server with this configuration is ready'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "widget" -d 'Print the HTML element of the login widget, with the hash of its script'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "reload" -d 'Make the running server read its file anew; one with a mistake changes nothing'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "upgrade" -d 'Make the running server hand over to a new process of the installed program'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "attempt" -d 'Tell what became of a login attempt: asked, sent, entered, refused'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "text" -d 'Send a test text by the configured providers, and say what they answered'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "sms" -d 'Tell what was texted, what arrived, what was used and what it cost'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "nodes" -d 'List the servers that run on the same database'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "migrate" -d 'Bring the database to the schema of this version, as each start of the server does'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "keys" -d 'List the signing keys'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "secret" -d 'Change the secret that the database is encrypted under'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "users" -d 'Block, unblock, show or find users'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "store" -d 'Move the database'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and not __fish_seen_subcommand_from serve demo init check explain doctor health widget reload upgrade attempt text sms nodes migrate keys secret users store help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from sms" -f -a "stats" -d 'A table by country and provider: sent, delivered, used, spent'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from keys" -f -a "rotate" -d 'Publish new keys that will replace the ones that sign'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "rotate" -d 'Encrypt all phone numbers under the first value of server.secret, while servers run that have both'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "block" -d 'Block a user: end all sessions and personal access tokens, and revoke all grants'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "unblock" -d 'Unblock a user; ended sessions and revoked grants stay so'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "show" -d 'Show a user: when created and blocked, roles, and number of sessions and personal access tokens'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from users" -f -a "find" -d 'List the users whose number ends in four digits'
complete -c doorcode -n "__fish_doorcode_using_subcommand help; and __fish_seen_subcommand_from store" -f -a "copy" -d 'Copy a database to an empty one and compare both; stop the servers of both before. Begins where an interrupted copy ended'
