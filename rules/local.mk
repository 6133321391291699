# shipped rule files
