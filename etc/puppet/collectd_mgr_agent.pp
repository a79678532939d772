# The agent of a host that Puppet owns. Puppet owns collectd.conf, the one file that is added to it here, and the
# agent's configuration; where it purges the directory of that file, this one stays, for it is declared. What lies in
# [collectd] managed_dir is the agent's: declare nothing in it.
#
# @param transport_url the agent's way to RabbitMQ
# @param options more of its configuration, by section
# @param collectd_conf_dir what collectd.conf includes at its end, in the order of the names
# @param units whether systemd runs the agent and collectd
# @param unit_source where the agent's unit is (etc/systemd/collectd-mgr-agent.service), for example
#   'puppet:///modules/collectd_mgr_agent/collectd-mgr-agent.service'; without it, it has to be there already
class collectd_mgr_agent (
  String $transport_url,
  Hash[String, Hash] $options = {},
  String $agent = '/opt/collectd-mgr/bin/collectd-mgr-agent',
  String $conf = '/etc/collectd-mgr/collectd-mgr.conf',
  String $collectd_conf_dir = '/etc/collectd/collectd.conf.d',
  Boolean $units = true,
  Optional[String] $unit_source = undef,
) {
  $more = $options.map |$section, $pairs| {
    "\n[${section}]\n${join($pairs.map |$option, $value| { "${option} = ${value}\n" })}"
  }
  $snippet = "${collectd_conf_dir}/zz-collectd-mgr.conf"
  $print = "${agent} --config-file ${conf} --print-snippet"
  $there = "sed --quiet 's/ModulePath//p' ${snippet} | xargs test -e"

  file { regsubst($conf, '/[^/]+$', ''):
    ensure => directory,
    mode   => '0700',
  }
  -> file { $conf:
    mode      => '0600',
    content   => "[DEFAULT]\ntransport_url = ${transport_url}\n${join($more)}",
    show_diff => false,
  }
  -> exec { 'what collectd is to have in its configuration':
    command => "/bin/sh -c '${print} > ${snippet}.new && mv ${snippet}.new ${snippet}'",
    unless  => "/bin/sh -c '${print} | cmp --silent - ${snippet}'",
  }
  -> file { $snippet:
    ensure => file,
    mode   => '0644',
  }

  if $units {
    if $unit_source {
      file { '/etc/systemd/system/collectd-mgr-agent.service':
        mode   => '0644',
        source => $unit_source,
        notify => Service['collectd-mgr-agent'],
      }
    }
    file { '/etc/systemd/system/collectd-mgr-agent.service.d':
      ensure => directory,
    }
    -> file { '/etc/systemd/system/collectd-mgr-agent.service.d/paths.conf':
      mode    => '0644',
      content => "[Service]\nExecStart=\nExecStart=${agent} --config-file ${conf}\n",
      notify  => Service['collectd-mgr-agent'],
    }
    service { 'collectd-mgr-agent':
      ensure    => running,
      enable    => true,
      subscribe => File[$conf],
    }
    # Before collectd, which imports what the agent puts on the disk, some time after it was started.
    -> exec { 'the extension is there':
      command   => $there,
      unless    => $there,
      provider  => shell,
      tries     => 120,
      try_sleep => 1,
      require   => File[$snippet],
    }
    -> service { 'collectd':
      ensure    => running,
      enable    => true,
      subscribe => Exec['what collectd is to have in its configuration'],
    }
  }
}
