# fish completion for jobpipe-slurm: its own flags, and those of jobpipe

# After -- comes the command with its arguments.
function __jobpipe_slurm_before_command
    not contains -- -- (commandline -opc)
end

complete -c jobpipe-slurm -w jobpipe
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -s n -l workers -x -d 'how many workers'
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -l sbatch -x -d 'options of sbatch'
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -l address -x -a '(__fish_print_hostnames)' -d 'this machine, as the nodes know it'
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -l shared -x -a '(__fish_complete_directories)' -d 'a directory that the nodes share'
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -l version -d 'print the version and exit'
complete -c jobpipe-slurm -n __jobpipe_slurm_before_command -s h -l help -d 'print help and exit'
