# fish completion for jobpipe-ssh: its own flags, and those of jobpipe

# After -- comes the command with its arguments.
function __jobpipe_ssh_before_command
    not contains -- -- (commandline -opc)
end

complete -c jobpipe-ssh -w jobpipe
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -s S -l sshlogin -x -a '(__fish_print_hostnames)' -d 'hosts, with commas between them'
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -l sshloginfile -r -F -d 'hosts, a line each'
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -l ssh -x -a '(__fish_complete_command)' -d 'ssh, with flags'
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -l direct -x -a '(__fish_print_hostnames)' -d 'hosts connect to this address, rather than through ssh'
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -l version -d 'print the version and exit'
complete -c jobpipe-ssh -n __jobpipe_ssh_before_command -s h -l help -d 'print help and exit'
