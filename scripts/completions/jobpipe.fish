# fish completion for jobpipe

# After -- comes the command with its arguments.
function __jobpipe_before_command
    not contains -- -- (commandline -opc)
end

complete -c jobpipe -n 'not __jobpipe_before_command' -a '(__fish_complete_subcommand --fcs-skip=2)'
complete -c jobpipe -n __jobpipe_before_command -f -a -- -d 'the command follows'
complete -c jobpipe -n __jobpipe_before_command -s l -l listen -x -d 'accept workers at this address'
complete -c jobpipe -n __jobpipe_before_command -l listen-file -r -F -d 'write the bound address to this file'
complete -c jobpipe -n __jobpipe_before_command -s j -l jobs -x -d 'slots of this machine, or a percentage of its CPUs'
complete -c jobpipe -n __jobpipe_before_command -s k -l keep-order -d 'results in input order'
complete -c jobpipe -n __jobpipe_before_command -s 0 -l null -d 'records and results end with NUL'
complete -c jobpipe -n __jobpipe_before_command -l lines -d 'the command answers line by line'
complete -c jobpipe -n __jobpipe_before_command -l retries -x -d 'how many times more to try a failed job'
complete -c jobpipe -n __jobpipe_before_command -l max-lost -x -d 'give a job up when so many workers vanished during it'
complete -c jobpipe -n __jobpipe_before_command -l halt -x -a 'never soon,fail=1 now,fail=1 soon,success=1 now,success=1' -d 'end the run before its input does'
complete -c jobpipe -n __jobpipe_before_command -l speculate -d 'near the end, run slow jobs a second time elsewhere'
complete -c jobpipe -n __jobpipe_before_command -l timeout -x -d 'end a job that runs longer'
complete -c jobpipe -n __jobpipe_before_command -l rate -x -d 'start at most so many jobs a second'
complete -c jobpipe -n __jobpipe_before_command -l failed -r -F -d 'write the failed jobs to this file'
complete -c jobpipe -n __jobpipe_before_command -l journal -r -F -d 'remember in this file what is done'
complete -c jobpipe -n __jobpipe_before_command -l retry-failed -d 'run again what failed before'
complete -c jobpipe -n __jobpipe_before_command -s o -l output -r -F -d 'write results to this file'
complete -c jobpipe -n __jobpipe_before_command -l buffer -x -d 'memory for jobs and results held'
complete -c jobpipe -n __jobpipe_before_command -l max-job -x -d 'a longer record is a failed job'
complete -c jobpipe -n __jobpipe_before_command -l key-file -r -F -d 'the key shared with the workers'
complete -c jobpipe -n __jobpipe_before_command -l new-key -d 'print a fresh key and exit'
complete -c jobpipe -n __jobpipe_before_command -l insecure -d 'no key and no encryption'
complete -c jobpipe -n __jobpipe_before_command -l compress -x -a 'auto none s2 zstd' -d 'compression on the wire'
complete -c jobpipe -n __jobpipe_before_command -l dead-after -x -d 'a worker that is silent this long is gone'
complete -c jobpipe -n __jobpipe_before_command -l grace -x -d 'how long a worker that lost its connection keeps its jobs'
complete -c jobpipe -n __jobpipe_before_command -l progress -x -a 'auto always never' -d 'show progress on stderr'
complete -c jobpipe -n __jobpipe_before_command -l trace -r -F -d 'write what every slot did when to this file'
complete -c jobpipe -n __jobpipe_before_command -s q -l quiet -d 'less on stderr'
complete -c jobpipe -n __jobpipe_before_command -s v -l verbose -d 'more on stderr'
complete -c jobpipe -n __jobpipe_before_command -l version -d 'print the version and exit'
complete -c jobpipe -n __jobpipe_before_command -s h -l help -d 'print help and exit'
