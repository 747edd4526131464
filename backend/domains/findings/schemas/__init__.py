"""What is sent about a finding, by phones and by the desk, and a finding as it is shown. Fields are listed one by one."""
