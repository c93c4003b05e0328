# fish completion for jobpipe-worker

# After -- comes the command with its arguments.
function __jobpipe_worker_before_command
    not contains -- -- (commandline -opc)
end

complete -c jobpipe-worker -n 'not __jobpipe_worker_before_command' -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -f -a -- -d 'the command follows'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -s c -l connect -x -a '(__fish_print_hostnames)' -d 'the coordinator'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -s j -l jobs -x -d 'slots, or a percentage of the CPUs'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l lines -d 'keep the command running, one line in, one line out'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l name -x -d 'how logs call this worker'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l wait -x -d 'keep trying to reach the coordinator this long'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l stay -d 'serve run after run'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l max-result -x -d 'a job that prints more has failed'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l kill-after -x -d 'time between TERM and KILL'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l load -x -d 'start no job while the load is higher'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l memfree -x -d 'start no job while less memory is free'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l nice -x -d 'niceness of the commands'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l key-file -r -F -d 'the key shared with the coordinator'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l insecure -d 'no key and no encryption'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l compress -x -a 'auto none s2 zstd' -d 'compression on the wire'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -s q -l quiet -d 'less on stderr'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -s v -l verbose -d 'more on stderr'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -l version -d 'print the version and exit'
complete -c jobpipe-worker -n __jobpipe_worker_before_command -s h -l help -d 'print help and exit'
